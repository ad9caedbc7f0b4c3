"""Set up and run a checkout with nothing but Python: `python dev.py demo`, `python dev.py test`. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")

USAGE = """python dev.py TASK [ARGUMENTS]

  demo      install, and build the atlas of the two embedded models without a network: site/public/
  serve     the same, and show it at http://127.0.0.1:8000/, built again when a file changes
  test      install everything, and run every check and test (more arguments go to pytest)
  lint      ruff and mypy alone
  netlify   what netlify.toml runs: render site/data/ if it is there, else compute it

Everything is installed into .venv/ at the versions of constraints.txt."""


def main(task: str = "", *rest: str) -> int:
    """Run a task; its exit code."""
    if sys.version_info < (3, 11):
        print(f"Python 3.11 or later is needed; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    begin = time.monotonic()
    if task in ("demo", "serve"):
        install("demo")
        if code := run("-m", "atlas", "build", "--offline", "site", *rest):
            return code
        if task == "serve":
            return run("-m", "atlas", "serve", "--offline", "site")
        say(f"Done in {time.monotonic() - begin:.0f} s. To look at it: python dev.py serve")
        return 0
    if task == "test":
        install("all,dev")
        return browser() or lint() or run("-m", "pytest", *rest)
    if task == "lint":
        install("all,dev")
        return lint()
    if task == "netlify":
        return netlify()
    print(USAGE, file=sys.stderr)
    return 2


def install(extras: str) -> None:
    """Make .venv and install the atlas into it, once for each pyproject.toml; an interrupted installation starts again."""
    stamp = HOME / ".installed"
    wanted = f"{extras}\n{(ROOT / 'pyproject.toml').read_text('utf-8')}\n{(ROOT / 'constraints.txt').read_text('utf-8')}"
    done = stamp.read_text("utf-8").split("\0") if stamp.is_file() else []
    if wanted in done and PYTHON.is_file():
        return
    if not PYTHON.is_file():
        say("Making .venv")
        try:
            venv.create(HOME, with_pip=True)
        except subprocess.CalledProcessError:
            shutil.rmtree(HOME, ignore_errors=True)
            sys.exit("Python's venv module is incomplete. On Debian and Ubuntu: apt-get install python3-venv")
    begin = time.monotonic()
    what = f".[{extras}]" if extras else "."
    say(f"Installing {what}: some minutes the first time")
    command = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-c", "constraints.txt", "-e", what]
    if subprocess.call(command, cwd=ROOT):
        sys.exit("The installation failed; pip says why above. Run the same command again to go on.")
    stamp.write_text("\0".join([*done, wanted]), "utf-8")
    say(f"Installed in {time.monotonic() - begin:.0f} s")


def lint() -> int:
    """Style and types."""
    return run("-m", "ruff", "check", ".") or run("-m", "mypy")


def browser() -> int:
    """The tests look at the site in a real browser, which pip cannot bring along."""
    if any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")) or os.environ.get("CHROMIUM"):
        return 0
    print("The tests need Chromium. On Debian: apt-get install chromium fonts-noto-cjk", file=sys.stderr)
    print("Elsewhere: set CHROMIUM to the path of Chrome or Chromium.", file=sys.stderr)
    return 1


def netlify() -> int:
    """Build on a host with little time and no GPU: atlas data that were committed are only rendered, which needs no model library."""
    if any((ROOT / "site" / "data").glob("*.json")):
        install("")
        return run("-m", "atlas", "build", "--frozen", "site")
    install("demo")
    return run("-m", "atlas", "build", "--offline", "site")


def run(*command: str) -> int:
    """Run the environment's Python."""
    return subprocess.call([str(PYTHON), *command], cwd=ROOT)


def say(message: str) -> None:
    print(f"dev.py: {message}", flush=True)


def start(arguments: Sequence[str]) -> int:
    try:
        return main(*arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(start(sys.argv[1:]))

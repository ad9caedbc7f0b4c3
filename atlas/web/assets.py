"""Styles, scripts and the map runtime under content-hashed names.

What stands in a folder of the theme as `templates/*/NAME.css` or `templates/*/NAME.js` is for pages
to load, as `{{ style("NAME") }}` and `{{ script("NAME") }}`: no list names them, so a new kind of
page brings its own.

A script is the entry of modules in folders beside it. The build hook bundles them into one classic
script (hatch_build.py), since browsers fetch module scripts with CORS always, which the origin of a
sandboxed frame gets from few hosts. Where no bundle is made of just these sources, the modules are
published as they are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from atlas.errors import AtlasError
from atlas.web.theme import RUNTIME, asset, files
from atlas.web.writer import Writer

FRAME = "assets/frame.js"  # for other people's pages, at an address that stays

File = Callable[[str], str]  # the link to a file of the site from a page


@dataclass(frozen=True)
class Script:
    """A script of the site: the file that pages load, and whether it is a module."""

    path: str
    module: bool


@dataclass(frozen=True)
class Assets:
    """Where the site keeps the styles and scripts that its pages load, by their names.

    `runtime` is the script of Plotly; its rules are a file of their own, `runtime_css`, where it is
    the bundle that needs no `eval`.
    """

    styles: Mapping[str, str]
    scripts: Mapping[str, Script]
    runtime: str
    runtime_css: str | None

    @property
    def strict(self) -> bool:
        """Whether pages work under a policy that forbids `eval` and inline styles."""
        return self.runtime_css is not None

    def style(self, file: File, name: str) -> Markup:
        """The tag that loads a style. Raises LookupError where the theme has none of that name."""
        if name not in self.styles:
            raise LookupError(f"no style {name!r}, which would be templates/*/{name}.css")
        return Markup('<link rel="stylesheet" href="{}">').format(file(self.styles[name]))

    def script(self, file: File, name: str, **data: str) -> Markup:
        """The tag that loads a script, with data for it to read as `data-…`. Raises LookupError
        where the theme has none of that name."""
        if name not in self.scripts:
            raise LookupError(f"no script {name!r}, which would be templates/*/{name}.js")
        found = self.scripts[name]
        more = Markup("").join(
            Markup(' data-{}="{}"').format(key, value) for key, value in data.items()
        )
        module = Markup('<script src="{}" type="module"{}></script>')
        tag = module if found.module else Markup('<script src="{}" defer{}></script>')
        return tag.format(file(found.path), more)


def publish_assets(root: Path, writer: Writer, warn: Callable[[str], None]) -> Assets:
    """Write the styles, the scripts and the runtime. Raises AtlasError."""
    styles = {
        name: writer.hashed(f"{name}.css", path.read_bytes())
        for name, (_, path) in _entries(files(root, "css")).items()
    }
    scripts = _publish_scripts(root, writer)
    frame = asset(root, "frame.js")
    if frame is not None:
        writer.write("frame.js", frame.read_bytes())
    return Assets(styles, scripts, *_publish_runtime(root, writer, warn))


def _entries(found: Mapping[str, Path]) -> dict[str, tuple[str, Path]]:
    """The files that stand in a folder of the theme, not deeper, by their names without suffix."""
    entries: dict[str, tuple[str, Path]] = {}
    for place, path in found.items():
        if place.count("/") != 1 or place == FRAME:
            continue
        if path.stem in entries:
            raise AtlasError(
                f"templates/{place}: templates/{entries[path.stem][0]} has the same name",
                "Rename one of them: pages load them by name.",
            )
        entries[path.stem] = place, path
    return entries


def _publish_scripts(root: Path, writer: Writer) -> dict[str, Script]:
    sources = {
        place: path.read_bytes() for place, path in files(root, "js").items() if place != FRAME
    }
    scripts: dict[str, Script] = {}
    modules = None
    for name, (place, _) in _entries(files(root, "js")).items():
        bundle = _bundle(root, name, sources)
        if bundle is not None:
            scripts[name] = Script(writer.hashed(f"{name}.js", bundle), module=False)
            continue
        modules = modules or _publish_modules(sources, writer)
        scripts[name] = Script(f"{modules}/{place}", module=True)
    return scripts


def _bundle(root: Path, name: str, sources: Mapping[str, bytes]) -> bytes | None:
    """The bundle of a script, where it was made of just these sources."""
    path, listed = asset(root, f"vendor/scripts/{name}.js"), asset(root, "vendor/scripts/list.json")
    if path is None or listed is None:
        return None
    inputs: list[str] = json.loads(listed.read_bytes()).get(name, [])
    if not all(place in sources for place in inputs):
        return None
    content = path.read_bytes()
    first, _, code = content.partition(b"\n")
    return code if digest({place: sources[place] for place in inputs}).encode() in first else None


def digest(sources: Mapping[str, bytes]) -> str:
    """A digest of scripts by their places in the theme, as hatch_build.py has it too."""
    found = hashlib.sha256()
    for place in sorted(sources):
        found.update(f"{place}\0".encode() + sources[place] + b"\0")
    return found.hexdigest()[:16]


def _publish_modules(sources: Mapping[str, bytes], writer: Writer) -> str:
    """Write all modules as they are; the folder, whose name changes when any of them does, since
    they name each other."""
    folder = f"assets/scripts.{digest(sources)[:10]}"
    for place, content in sources.items():
        writer.write(f"{folder}/{place}", content)
    return folder


def _publish_runtime(
    root: Path, writer: Writer, warn: Callable[[str], None]
) -> tuple[str, str | None]:
    """Ours, or plotly's own where ours is not built."""
    runtime, rules = asset(root, f"vendor/{RUNTIME}"), asset(root, "vendor/plotly-map.css")
    if runtime is not None and rules is not None:
        licence = asset(root, "vendor/plotly-map.LICENSE.txt")
        if licence is not None:
            writer.write("assets/plotly-map.LICENSE.txt", licence.read_bytes())
        script = writer.hashed(RUNTIME, runtime.read_bytes())
        return script, writer.hashed("plotly-map.css", rules.read_bytes())
    import plotly

    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    warn(
        "the map runtime is not built, so pages load plotly's own file: three times the size, and"
        " it needs 'unsafe-eval' and 'unsafe-inline' in the Content-Security-Policy. Install again"
        " with network access to build it."
    )
    return writer.hashed("plotly.min.js", whole.read_bytes()), None

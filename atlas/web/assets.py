"""Styles, scripts and the map runtime under content-hashed names.

Pages load `templates/*/NAME.css` and `templates/*/NAME.js` of the theme as `{{ style("NAME") }}`
and `{{ script("NAME") }}`. No list names these files, so a new section brings its own.

A script imports modules in folders beside it. The build hook (hatch_build.py) bundles them into one
classic script, because browsers always fetch module scripts with CORS, which few hosts allow to the
origin of a sandboxed frame. Where the bundle was made from other sources, the modules themselves
are published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from atlas.errors import AtlasError
from atlas.web.theme import RUNTIME, TOKENIZERS, asset, files
from atlas.web.writer import Writer

FRAME = "assets/frame.js"  # loaded by other sites, so its address is fixed

File = Callable[[str], str]  # from the name of a file of the site to a link from the page


@dataclass(frozen=True)
class Script:
    """The file that pages load as a script, and whether it is a module."""

    path: str
    module: bool


@dataclass(frozen=True)
class Assets:
    """The files of the styles and scripts that pages load, by name.

    `runtime` is the script of Plotly. `runtime_css` holds its rules if it is the bundle that needs
    no `eval`, else None. `tokenizers` is the script that splits text as models do, None where it is
    not built.
    """

    styles: Mapping[str, str]
    scripts: Mapping[str, Script]
    runtime: str
    runtime_css: str | None
    tokenizers: str | None = None

    @property
    def strict(self) -> bool:
        """Whether pages work under a policy that forbids `eval` and inline styles."""
        return self.runtime_css is not None

    def style(self, file: File, name: str) -> Markup:
        """The tag that loads a style. Raises LookupError when the theme has none of that name."""
        if name not in self.styles:
            raise LookupError(f"no style {name!r}, which would be templates/*/{name}.css")
        return Markup('<link rel="stylesheet" href="{}">').format(file(self.styles[name]))

    def script(self, file: File, name: str, *, first: bool = False, **data: str) -> Markup:
        """The tag that loads a script, with attributes `data-…` for it to read; `first` fetches it
        before pictures, which browsers do not otherwise. Raises LookupError when the theme has no
        script of that name."""
        if name not in self.scripts:
            raise LookupError(f"no script {name!r}, which would be templates/*/{name}.js")
        target = self.scripts[name]
        more = Markup("").join(
            Markup(' data-{}="{}"').format(key, value) for key, value in data.items()
        )
        if first:
            more = Markup(' fetchpriority="high"') + more
        module = Markup('<script src="{}" type="module"{}></script>')
        tag = module if target.module else Markup('<script src="{}" defer{}></script>')
        return tag.format(file(target.path), more)


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
    runtime, rules = _publish_runtime(root, writer, warn)
    return Assets(styles, scripts, runtime, rules, _publish_tokenizers(root, writer))


def _entries(paths: Mapping[str, Path]) -> dict[str, tuple[str, Path]]:
    """The place and path of each file directly in a folder of the theme, by name without suffix.

    Raises AtlasError when two have the same name.
    """
    entries: dict[str, tuple[str, Path]] = {}
    for place, path in paths.items():
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
    """The bundle of a script, None unless it was made from these sources."""
    path, listed = asset(root, f"vendor/scripts/{name}.js"), asset(root, "vendor/scripts/list.json")
    if path is None or listed is None:
        return None
    try:
        inputs: list[str] = json.loads(listed.read_bytes()).get(name, [])
    except (ValueError, AttributeError):  # damaged: as if there were no bundle
        return None
    if not all(place in sources for place in inputs):
        return None
    content = path.read_bytes()
    first, _, code = content.partition(b"\n")
    return code if digest({place: sources[place] for place in inputs}).encode() in first else None


def digest(sources: Mapping[str, bytes]) -> str:
    """A digest of scripts by place in the theme; hatch_build.py computes the same."""
    total = hashlib.sha256()
    for place in sorted(sources):
        total.update(f"{place}\0".encode() + sources[place] + b"\0")
    return total.hexdigest()[:16]


def _publish_modules(sources: Mapping[str, bytes], writer: Writer) -> str:
    """Write all modules. Returns their folder, whose name changes with any of them, because their
    imports name each other."""
    folder = f"assets/scripts.{digest(sources)[:10]}"
    for place, content in sources.items():
        writer.write(f"{folder}/{place}", content)
    return folder


def _publish_tokenizers(root: Path, writer: Writer) -> str | None:
    """Write the bundle of tokenizers and its licence, where it is built."""
    script = asset(root, f"vendor/{TOKENIZERS}")
    licence = asset(root, "vendor/tokenizers.LICENSE.txt")
    if script is None or licence is None:
        return None
    writer.write("assets/tokenizers.LICENSE.txt", licence.read_bytes())
    return writer.hashed(TOKENIZERS, script.read_bytes())


def _publish_runtime(
    root: Path, writer: Writer, warn: Callable[[str], None]
) -> tuple[str, str | None]:
    """Write our bundle of Plotly and its rules; where it is not built, Plotly's own script."""
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

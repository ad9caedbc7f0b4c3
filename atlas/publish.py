"""Writes the site: rendered beside the old one, unchanged files shared with it, and swapped in as a whole."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from atlas import __version__, dataset
from atlas import config as settings
from atlas.errors import AtlasError
from atlas.render import RUNTIME, asset, digest

MANIFEST = ".atlas.json"


def publish(
    config: settings.Config, maps: tuple[str, ...], data: Path, output: Path, warn: Callable[[str], None]
) -> tuple[int, int]:
    """Bring the site up to date. Returns its pages, and how many of its files were written or removed (0 when nothing changed).

    Raises AtlasError when the output folder holds something the atlas did not make, or cannot be written.
    """
    recover(output)
    key = _key(config, maps, data)
    old = manifest(output)
    if old and old.get("key") == key and _whole(output, old):
        return int(old["pages"]), 0
    if old is None and output.exists() and any(output.iterdir()):
        raise AtlasError(f"{output}: is not empty, and the atlas did not make it", "Choose another --output, or empty it yourself.")
    beside = output.with_name(f".{output.name}-{uuid.uuid4().hex[:12]}")
    try:
        writer = Writer(beside, output, old or {})
        pages = _write(config, maps, data, writer, warn)
        written = writer.finish(key, pages)
        _swap(beside, output)
    except OSError as problem:
        raise AtlasError(f"{output}: cannot be written ({problem.strerror or problem})", "Check permissions and free space.") from problem
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return pages, written


def manifest(output: Path) -> dict[str, Any] | None:
    """What the atlas wrote into a folder, or None where it did not."""
    try:
        found = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) and isinstance(found.get("files"), dict) else None
    except (OSError, ValueError):
        return None


def clean(output: Path) -> int:
    """Remove the files the atlas wrote, and folders that are then empty; how many files."""
    found = manifest(output)
    if found is None:
        return 0
    gone = 0
    for name in [*found["files"], MANIFEST]:
        path = output / name
        if path.resolve().is_relative_to(output.resolve()) and path.is_file():
            path.unlink()
            gone += 1
    for folder in sorted((path for path in output.rglob("*") if path.is_dir()), reverse=True):
        with contextlib.suppress(OSError):
            folder.rmdir()
    with contextlib.suppress(OSError):
        output.rmdir()
    return gone


def recover(output: Path) -> None:
    """Undo what a killed build left: put the old site back if it was moved away, and remove half-made ones."""
    ours = re.compile(re.escape(f".{output.name}-") + "[0-9a-f]{12}(-old)?")
    olds = sorted(path for path in output.parent.glob(".*") if ours.fullmatch(path.name) and path.is_dir())
    if not output.exists():
        for path in olds:
            if path.name.endswith("-old") and manifest(path) is not None:
                path.rename(output)
                break
    for path in olds:
        if path.exists():
            shutil.rmtree(path, ignore_errors=True)


class Writer:
    """Writes files into a new site, sharing those that are as before with the old one."""

    def __init__(self, folder: Path, old: Path, before: dict[str, Any]) -> None:
        self.folder, self.old = folder, old
        self.before: dict[str, Any] = before.get("files", {})
        self.derived_before: dict[str, Any] = before.get("derived", {})
        self.files: dict[str, list[Any]] = {}
        self.derived: dict[str, Any] = {}
        self._made: set[Path] = set()

    def write(self, name: str, content: bytes | str) -> str:
        """Write a file; its name."""
        raw = content.encode() if isinstance(content, str) else content
        mark = [len(raw), hashlib.sha256(raw).hexdigest()]
        if self.before.get(name) == mark and self._share(name):
            self.files[name] = mark
            return name
        self._path(name).write_bytes(raw)
        self.files[name] = mark
        return name

    def hashed(self, name: str, content: bytes | str) -> str:
        """Write a file under assets/ with a digest of its content in the name; the name."""
        raw = content.encode() if isinstance(content, str) else content
        stem, _, suffix = name.rpartition(".")
        return self.write(f"assets/{stem}.{hashlib.sha256(raw).hexdigest()[:10]}.{suffix}", raw)

    def derive(self, name: str, key: str, make: Callable[[], tuple[dict[str, bytes], Any]]) -> Any:
        """Files and facts that follow from `key` alone: taken from the old site if they are there, else made."""
        found = self.derived_before.get(name)
        if found and found["key"] == key and all(one in self.before and self._share(one) for one in found["files"]):
            for one in found["files"]:
                self.files[one] = self.before[one]
            self.derived[name] = found
            return found["facts"]
        files, facts = make()
        for one, content in files.items():
            self.write(one, content)
        self.derived[name] = {"key": key, "files": list(files), "facts": facts}
        return facts

    def finish(self, key: str, pages: int) -> int:
        """Write the manifest, carry over what is not ours; how many files are new, changed or gone."""
        for path in self.old.rglob("*") if self.old.is_dir() else ():
            name = path.relative_to(self.old).as_posix()
            if path.is_file() and name not in self.before and name != MANIFEST and name not in self.files:
                shutil.copy2(path, self._path(name))
        facts = {"atlas": __version__, "key": key, "pages": pages, "files": dict(sorted(self.files.items())), "derived": self.derived}
        (self.folder / MANIFEST).write_text(json.dumps(facts, separators=(",", ":")), encoding="utf-8")
        changed = sum(bool(self.before.get(name) != mark) for name, mark in self.files.items())
        return changed + len(self.before.keys() - self.files.keys())

    def _path(self, name: str) -> Path:
        path = self.folder / name
        if path.parent not in self._made:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._made.add(path.parent)
        return path

    def _share(self, name: str) -> bool:
        source = self.old / name
        try:
            if source.stat().st_size != self.before[name][0]:
                return False
            try:
                os.link(source, self._path(name))
            except OSError:
                shutil.copy2(source, self._path(name))
        except OSError:
            return False
        return True


def _key(config: settings.Config, maps: tuple[str, ...], data: Path) -> str:
    """Digest of all that the site follows from."""
    files = []
    for map_id in maps:
        for path in dataset.paths(data, map_id):
            found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""
            files.append([path.name, found])
    facts = [__version__, config.model_dump(mode="json"), digest(config.root), list(maps), files]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _whole(output: Path, found: dict[str, Any]) -> bool:
    try:
        return all((output / name).stat().st_size == mark[0] for name, mark in found["files"].items())
    except OSError:
        return False


def _swap(new: Path, output: Path) -> None:
    """Put the new site in the old one's place; by one system call on Linux, so that no reader finds neither."""
    if not output.exists():
        output.parent.mkdir(parents=True, exist_ok=True)
        new.rename(output)
        return
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            libc = ctypes.CDLL(None, use_errno=True)
            exchange = 2  # RENAME_EXCHANGE
            if libc.renameat2(-100, os.fsencode(new), -100, os.fsencode(output), exchange) == 0:
                return
    away = output.with_name(f".{output.name}-{uuid.uuid4().hex[:12]}-old")
    output.rename(away)
    new.rename(output)
    shutil.rmtree(away, ignore_errors=True)


def _write(
    config: settings.Config, maps: tuple[str, ...], data: Path, writer: Writer, warn: Callable[[str], None]
) -> int:
    from atlas.figures import PALETTE, posters
    from atlas.pages import MapView, pages
    from atlas.payload import VERSION, payload
    from atlas.render import Renderer, relative

    languages = config.site.languages
    by_id = {entry.id(model): (model, entry) for model in config.models for entry in model.maps}
    views = []
    facts: dict[str, Any] = {}
    for map_id in maps:
        found = dataset.read(data, map_id)
        view = MapView(config, *by_id[map_id], found)
        views.append(view)

        def make(found: dataset.Dataset = found, view: MapView = view) -> tuple[dict[str, bytes], Any]:
            packed = payload(found, len(PALETTE))
            files = {f"data/{name}": content for name, content in packed.files.items()}
            pictures = {}
            for name in found.about.map.projections:
                widths = (1200, 800) if name == view.main else (1200,)
                for width, picture in zip(widths, posters(found, name, widths), strict=True):
                    at = f"data/{view.id}.{name}-{width}.{hashlib.sha256(picture).hexdigest()[:10]}.webp"
                    files[at] = picture
                    pictures[f"{name}-{width}"] = at
            return files, {"meta": f"data/{packed.meta['file']}", "pictures": pictures}

        facts[map_id] = writer.derive(map_id, f"{VERSION} {found.about.recipe}", make)
        for path in dataset.paths(data, map_id):
            writer.write(f"data/{path.name}", path.read_bytes())
    assets = _assets(config.root, writer, warn)
    renderer = Renderer(config.root, languages)
    count = 0
    shown: list[str] = []
    fragments: dict[str, str] = {}
    for page in pages(config, views):
        for language in languages:
            prefix = "" if language == languages[0] else f"{language}/"
            here = prefix + page.url
            # A host serves the 404 page at any address, so its links start at the site's root.
            at = _Links(here, prefix, relative) if page.url != "404.html" else _Rooted(here, prefix, relative, config.site.base_url)
            context = {
                **page.context, "config": config, "site": config.site, "language": language, "languages": languages,
                "assets": assets, "facts": facts, "palette": PALETTE, "page": page, "link": at.link, "file": at.file,
                "here": here, "version": __version__, "views_all": views,
                "editions": {one: at.file(("" if one == languages[0] else f"{one}/") + page.url) for one in languages},
                "text": lambda value, fallback="", language=language: settings.text(value, language, fallback),
            }  # fmt: skip
            if "one" in context:  # a cluster's tokens read the same in every language
                if language == languages[0]:
                    fragments = {
                        f"{part}_html": renderer.render(language, f"fragments/{part}.html", {"one": context["one"]})
                        for part in ("tokens", "close", "rest")
                    }
                context |= fragments
            html = renderer.render(language, page.template, context)
            writer.write(f"{here}index.html" if here == "" or here.endswith("/") else here, html)
            count += 1
            if page.indexed:
                shown.append(here)
    _addresses(config, shown, writer)
    return count


class _Links:
    """Links from one page: to a page of the same edition, and to a file of the site."""

    def __init__(self, here: str, prefix: str, relative: Callable[[str, str], str]) -> None:
        self.here, self.prefix, self._relative = here, prefix, relative

    def link(self, url: str) -> str:
        return self._relative(self.prefix + url, self.here)

    def file(self, name: str) -> str:
        return self._relative(name, self.here)


class _Rooted(_Links):
    """Links from a page that may be served at any address."""

    def __init__(self, here: str, prefix: str, relative: Callable[[str, str], str], base_url: str) -> None:
        super().__init__(here, prefix, relative)
        self.root = f"{urlsplit(base_url).path.rstrip('/')}/"

    def link(self, url: str) -> str:
        return self.root + self.prefix + url

    def file(self, name: str) -> str:
        return self.root + name


def _assets(root: Path, writer: Writer, warn: Callable[[str], None]) -> dict[str, Any]:
    """Style and scripts under content-hashed names, and the map runtime: ours, or plotly's own where ours is not built."""

    def read(name: str) -> str:
        path = asset(root, name)
        if path is None:
            raise AtlasError(f"templates/assets/{name}: missing", "Install the atlas again.")
        return path.read_text(encoding="utf-8")

    parts = ("data", "camera", "scene", "labels", "colour", "panel", "search", "choose", "link", "picture", "map")
    found: dict[str, Any] = {
        "css": writer.hashed("site.css", read("site.css")),
        "site_js": writer.hashed("site.js", read("site.js")),
        "map_css": writer.hashed("map.css", read("map.css")),
        "map_js": writer.hashed("map.js", "\n".join(read(f"map/{name}.js") for name in parts)),
    }
    runtime, rules = asset(root, f"vendor/{RUNTIME}"), asset(root, "vendor/plotly-map.css")
    found["strict"] = runtime is not None and rules is not None
    if runtime is not None and rules is not None:
        found["runtime"] = writer.hashed(RUNTIME, runtime.read_bytes())
        found["runtime_css"] = writer.hashed("plotly-map.css", rules.read_text(encoding="utf-8"))
        licence = asset(root, "vendor/plotly-map.LICENSE.txt")
        if licence is not None:
            writer.write("assets/plotly-map.LICENSE.txt", licence.read_bytes())
        return found
    import plotly

    whole = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    warn(
        "the map runtime is not built, so pages load plotly's own file: three times the size, and it needs 'unsafe-eval' and "
        "'unsafe-inline' in the Content-Security-Policy. Install again with network access to build it."
    )
    found["runtime"] = writer.hashed("plotly.min.js", whole.read_bytes())
    found["runtime_css"] = None
    return found


def _addresses(config: settings.Config, shown: list[str], writer: Writer) -> None:
    """robots.txt, and with a base_url the sitemap, which must name full addresses."""
    base = config.site.base_url
    if not base:
        writer.write("robots.txt", "User-agent: *\nAllow: /\n")
        return
    rows = "".join(f"<url><loc>{base}/{here}</loc></url>\n" for here in shown)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    writer.write("sitemap.xml", f"{head}{rows}</urlset>\n")
    writer.write("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n")

"""`atlas serve`: build, serve, watch, build again, and tell the open pages."""

from __future__ import annotations

import os
import threading
import traceback
import webbrowser
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from atlas.cli.server import State, open_server
from atlas.errors import AtlasError, ConfigError

if TYPE_CHECKING:
    from atlas.config.site import Site

_LOOK = 0.4  # seconds between looks at the files
_SETTLE = 0.1  # an editor may write a file in several steps

LOOKS = (".css", ".svg", ".png", ".webp", ".ico")  # of files beside atlas.toml that [site] may name

Marks = dict[Path, tuple[int, int]]


def serve(
    path: Path,
    output: Path,
    build: Callable[[bool], object],
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = False,
    say: Callable[[str], None],
    complain: Callable[[AtlasError], None],
    stop: threading.Event | None = None,
) -> None:
    """Serve the site of an atlas.toml until Ctrl-C (or `stop`), and build it now and whenever
    something changes.

    `build(pages_only)` builds; `pages_only` is set when neither atlas.toml nor anything in
    `corpus/` beside it changed, so that no map is computed for templates alone. A build that fails
    is told by `complain` and on the open pages, and the old site stays. Raises AtlasError when the
    port cannot be had.
    """
    from atlas.web.theme import OWN, folders

    root = path.resolve().parent
    stop = stop or threading.Event()
    state = State()
    server = open_server(host, port, output, state)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
    )
    thread.start()
    say(f"Serving {server.url} (Ctrl-C ends it)")
    computed = [path, root / "corpus"]
    own = [root / name for name in ("templates", *OWN)]

    named = _named(path.resolve())

    def places() -> list[Path]:
        loose = [path for path in root.glob("*.*") if path.suffix.lower() in LOOKS]
        return [*computed, *own, *loose, *named(), *folders(root)]

    watched = watch(places, stop)
    whole = False  # whether a full build of this atlas.toml went well
    try:
        next(watched)  # what changes while the first build runs is noticed
        whole = _attempt(build, False, state, say, complain)
        if open_browser:
            webbrowser.open(server.url)
        for changed in watched:
            names = sorted(file.name for file in changed)
            say(f"Changed: {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}")
            pages_only = whole and not any(
                file.is_relative_to(place) for file in changed for place in computed
            )
            fine = _attempt(build, pages_only, state, say, complain)
            whole = whole if pages_only else fine
    except KeyboardInterrupt:
        say("Stopped.")
    finally:
        state.close()
        server.shutdown()
        server.server_close()


def _named(path: Path) -> Callable[[], list[Path]]:
    """A function that gives the files of the look of a site, wherever they are, as atlas.toml names
    them; as it named them before, where it is at fault."""
    from atlas.atlas_toml import load
    from atlas.web.identity import files

    site: Site | None = None
    seen = 0, 0

    def named() -> list[Path]:
        nonlocal site, seen
        with suppress(OSError, AtlasError):
            stat = path.stat()
            if (stat.st_mtime_ns, stat.st_size) != seen:
                seen = stat.st_mtime_ns, stat.st_size
                site = load(path).site
        return [path.parent / name for name in files(path.parent, site)] if site else []

    return named


def watch(places: Callable[[], Iterable[Path]], stop: threading.Event) -> Iterator[set[Path]]:
    """First an empty set, at once; then the files below `places` that changed, whenever some did
    and have come to rest."""
    seen = marks(places())
    yield set()
    while not stop.wait(_LOOK):
        now = marks(places())
        if now == seen:
            continue
        while not stop.wait(_SETTLE) and (later := marks(places())) != now:
            now = later
        changed = {path for path in now.keys() | seen.keys() if now.get(path) != seen.get(path)}
        seen = now
        yield changed


def marks(places: Iterable[Path]) -> Marks:
    """Size and time of every file in these files and folders, hidden ones and node_modules left
    out."""
    found: Marks = {}
    for place in places:
        files = [place]
        for folder, folders, names in os.walk(place):
            folders[:] = [
                name for name in folders if not name.startswith(".") and name != "node_modules"
            ]
            files += [
                Path(folder, name)
                for name in names
                if not name.startswith((".", "#")) and not name.endswith("~")
            ]
        for path in files:
            with suppress(OSError):  # gone between the two looks
                if path.is_file():
                    stat = path.stat()
                    found[path] = (stat.st_size, stat.st_mtime_ns)
    return found


def _attempt(
    build: Callable[[bool], object],
    pages_only: bool,
    state: State,
    say: Callable[[str], None],
    complain: Callable[[AtlasError], None],
) -> bool:
    try:
        build(pages_only)
    except AtlasError as problem:
        complain(problem)
        lines = [
            f"error: {problem.message}",
            *(problem.problems if isinstance(problem, ConfigError) else ()),
        ]
        state.failed("\n".join([*lines, *([f"hint: {problem.hint}"] if problem.hint else ())]))
    except Exception as problem:  # noqa: BLE001  # whatever a half-written template does, the server stays
        say(traceback.format_exc())
        state.failed(f"error: {type(problem).__name__}: {problem}")
    else:
        state.built()
        return True
    return False

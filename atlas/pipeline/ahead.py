"""What rendering needs besides data, made ready while stages run: modules and compiled
templates."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType

from atlas.atlas_toml import Config
from atlas.web.theme import files, folders


class Ahead:
    """Makes ready for rendering in a thread of its own, once there is a core for it, until a block
    ends."""

    def __init__(self, config: Config) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=_prepare, args=(config, self._stopped))

    def begin(self) -> None:
        """Start; a core is idle."""
        self._thread.start()

    def __enter__(self) -> Ahead:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for what was begun, and where the block failed for no more than the step at work: a
        process with threads at work is not forked, and does not end well."""
        if kind is not None:
            self._stopped.set()
        if self._thread.ident is not None:
            self._thread.join()


def _prepare(config: Config, stopped: threading.Event) -> None:
    """Import what renders, and compile the templates of the sections that are shown."""
    try:
        for step in _steps(config):
            if stopped.is_set():
                return
            step()
    except Exception:  # noqa: BLE001, S110  # rendering meets it again, and tells
        pass


def _steps(config: Config) -> Iterator[Callable[[], object]]:
    from atlas.pipeline import compose
    from atlas.pipeline.sections import SECTIONS, entries

    root = config.root
    shown = [section for section in SECTIONS if entries(config, section)]
    hidden = {section.name for section in SECTIONS} - {section.name for section in shown}
    outer = {path.name for folder in folders(root) for path in folder.glob("*.html")}
    inner = (name for name in files(root, "html") if name.split("/")[0] not in hidden)
    pens = compose.renderer(config)
    for name in (*sorted(outer), *inner):
        yield partial(pens.compile, name)
    packages = [type(section).__module__.rpartition(".")[0] for section in shown]
    parts = [f"{package}.{part}" for package in packages for part in ("view", "pages")]
    # Arrow asks pandas, where it is, about all that an array is made of.
    for name in ("pandas", "pyarrow.parquet", "atlas.pipeline.publish", *parts, "PIL.Image"):
        yield partial(importlib.import_module, name)
    from PIL import Image

    yield Image.init  # loads all formats

"""What rendering needs besides data, made ready while stages run: modules and compiled
templates."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

from atlas.atlas_toml import Config
from atlas.web.theme import files, folders


@contextmanager
def ahead(config: Config) -> Iterator[Callable[[], None]]:
    """Gives what begins to make ready for rendering, in a thread of its own, once there is a core
    for it.

    The block ends when that has; where it fails, after the step at work: a process with threads at
    work is not forked, and does not end well.
    """
    stopped = Event()
    thread = Thread(target=_prepare, args=(config, stopped))
    try:
        yield thread.start
    except BaseException:
        stopped.set()
        raise
    finally:
        if thread.ident is not None:
            thread.join()


def _prepare(config: Config, stopped: Event) -> None:
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

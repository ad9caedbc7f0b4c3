"""What rendering needs besides data, made ready while stages run: modules and compiled
templates."""

from __future__ import annotations

import importlib
import threading

from atlas.atlas_toml import Config
from atlas.web.theme import files, folders


class Ahead:
    """Makes ready for rendering in a thread of its own, once there is a core for it."""

    def __init__(self, config: Config) -> None:
        self._thread = threading.Thread(target=_prepare, args=(config,), daemon=True)

    def begin(self) -> None:
        """Start; a core is idle."""
        self._thread.start()

    def end(self) -> None:
        """Wait for what was begun: a process with threads at work is not forked."""
        if self._thread.ident is not None:
            self._thread.join()


def _prepare(config: Config) -> None:
    """Import what renders, and compile the templates of the sections that are shown."""
    try:
        from PIL import Image

        from atlas.pipeline import compose
        from atlas.pipeline.sections import SECTIONS, entries

        root = config.root
        shown = [section for section in SECTIONS if entries(config, section)]
        hidden = {section.name for section in SECTIONS} - {section.name for section in shown}
        outer = {path.name for folder in folders(root) for path in folder.glob("*.html")}
        inner = (name for name in files(root, "html") if name.split("/")[0] not in hidden)
        compose.renderer(config).compile([*sorted(outer), *inner])
        packages = [type(section).__module__.rpartition(".")[0] for section in shown]
        parts = [f"{package}.{part}" for package in packages for part in ("view", "pages")]
        # Arrow asks pandas, where it is, about all that an array is made of.
        for name in ("pandas", "pyarrow.parquet", "atlas.pipeline.publish", *parts):
            importlib.import_module(name)
        Image.init()  # loads all formats
    except Exception:  # noqa: BLE001, S110  # rendering meets it again, and tells
        pass

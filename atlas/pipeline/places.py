"""The places of an atlas: its store, data and site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atlas.atlas_toml import Config
from atlas.engine.store import Store
from atlas.errors import UsageError


@dataclass(frozen=True)
class Places:
    """The files and folders of an atlas. `root` is the folder of atlas.toml, `output` that of the
    site."""

    root: Path
    output: Path

    @classmethod
    def of(cls, config: Config, output: Path | None = None) -> Places:
        """The places of an atlas; the site is in `public` unless `output` is given. Raises
        UsageError when the working folder, to which `output` is relative, was deleted."""
        try:
            return cls(config.root, output.absolute() if output else config.root / "public")
        except OSError as problem:
            raise UsageError(
                f"The working folder cannot be read ({problem.strerror})", "Give full paths."
            ) from problem

    @property
    def store(self) -> Store:
        """The store of artifacts."""
        return Store(self.root / ".atlas" / "store")

    @property
    def data(self) -> Path:
        """The folder of atlas data."""
        return self.root / "data"

    @property
    def digests(self) -> Path:
        """The file that caches digests of checkpoints."""
        return self.root / ".atlas" / "digests.json"

    @property
    def files(self) -> Path:
        """The file that remembers digests of files of data and of themes."""
        return self.root / ".atlas" / "files.json"

    @property
    def lock(self) -> Path:
        """The file with the commits of models."""
        return self.root / "atlas.lock"

"""Where an atlas keeps its store, data and site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from atlas.atlas_toml import Config
from atlas.engine.store import Store


@dataclass(frozen=True)
class Places:
    """Where an atlas keeps things, beside its atlas.toml."""

    root: Path
    output: Path

    @classmethod
    def of(cls, config: Config, output: Path | None = None) -> Places:
        return cls(config.root, output.absolute() if output else config.root / "public")

    @property
    def store(self) -> Store:
        return Store(self.root / ".atlas" / "store")

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def digests(self) -> Path:
        return self.root / ".atlas" / "digests.json"

    @property
    def lock(self) -> Path:
        return self.root / "atlas.lock"

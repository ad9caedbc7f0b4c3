"""What the command line says of a build, and what the build did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What the command line says of a build."""

    only: tuple[str, ...] = ()
    frozen: bool = False
    offline: bool = False
    strict: bool = False
    dry_run: bool = False
    executor: str = "local"
    device: str = "cpu"
    jobs: int | None = None
    refresh: tuple[str, ...] = ()
    output: Path | None = None


@dataclass
class Summary:
    """What a build did. `written` counts the site's files that changed."""

    output: Path
    pages: int = 0
    maps: int = 0
    computed: int = 0
    cached: int = 0
    written: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)

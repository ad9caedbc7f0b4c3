"""The options of a build, and the summary of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from atlas.errors import AtlasError


@dataclass(frozen=True)
class Options:
    """The options of a build, as on the command line. With `verify` every file it reads is compared
    with its digest, and what is damaged is made anew. With `drafts` drafts of content are
    shown."""

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
    verify: bool = False
    drafts: bool = False


@dataclass
class Summary:
    """The result of a build: pages and maps of the site, stages that ran and those that were in the
    store, files of the site that changed."""

    output: Path
    pages: int = 0
    maps: int = 0
    computed: int = 0
    cached: int = 0
    written: int = 0
    seconds: float = 0.0
    warnings: list[str] = field(default_factory=list)


def refuse(warnings: Sequence[str]) -> None:
    """Raise AtlasError where there are warnings, for --strict."""
    if warnings:
        raise AtlasError(
            f"{len(warnings)} warning(s), and --strict is on", "The site was left as it was."
        )

"""A page of the site, before it is rendered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page in every language: where it stands below the edition's root, and what its template
    gets."""

    url: str
    template: str
    context: dict[str, Any]
    indexed: bool = True

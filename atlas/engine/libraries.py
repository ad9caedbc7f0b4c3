"""Versions of the libraries that results come from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from atlas import __version__

LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "torch",
    "openTSNE",
    "umap-learn",
    "tokenizers",
    "transformers",
    "fugashi",
    "unidic-lite",
)


def libraries() -> dict[str, str]:
    """The versions of this package and of LIBRARIES, by name; what is not installed is left out."""
    return {"atlas": __version__} | {
        name: version for name, version in versions(LIBRARIES).items() if version
    }


def versions(names: Iterable[str]) -> dict[str, str]:
    """The versions of libraries by the names of their distributions; "" for one that is not
    installed."""
    return {name: _version(name) for name in names}


@cache
def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return ""

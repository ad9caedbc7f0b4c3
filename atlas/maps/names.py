"""Names of clusters, and the zooms at which they show."""

from __future__ import annotations

from collections.abc import Sequence

COARSE_UNTIL, FINE_UNTIL = 9, 12  # the last half-octave at which a name shows


def cluster_name(texts: Sequence[str]) -> str:
    """A cluster's name: its most central tokens."""
    return " · ".join(texts[:3])


def map_name(level: str, texts: Sequence[str]) -> str:
    """A cluster's name on the map: a coarse one goes by its most central token alone, as a country
    does by one word."""
    return texts[0] if level == "coarse" else cluster_name(texts)

"""Names of clusters, and the zooms at which they show."""

from __future__ import annotations

from collections.abc import Sequence

BETWEEN = " · "  # the tokens in a cluster's name, in every language
COARSE_UNTIL, FINE_UNTIL = 9, 12  # the last half-octave at which a name shows


def cluster_name(texts: Sequence[str]) -> str:
    """A cluster's name: its most central tokens."""
    return BETWEEN.join(texts[:3])


def short_name(name: str) -> str:
    """The first token of a cluster's name: that of a coarse cluster on a map or a poster."""
    return name.split(BETWEEN)[0]


def map_name(level: str, texts: Sequence[str]) -> str:
    """A cluster's name on the map: a coarse one goes by its most central token alone, as a country
    does by one word."""
    return texts[0] if level == "coarse" else cluster_name(texts)

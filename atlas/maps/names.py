"""Names of clusters, and the zooms at which they are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from atlas.web.lettering import cut

if TYPE_CHECKING:
    from atlas.maps.facts import Cluster

BETWEEN = " · "  # between the tokens of a cluster's name, in every language
VIEW = 400.0  # width in pixels of the whole map at zoom 0: a phone's
COARSE_UNTIL, FINE_UNTIL = 9, 12  # the last half-octaves at which names are shown
LONGEST = 24  # characters of a token in a name: a line of a hundred hyphens names a cluster, too
SPACE = "␣"  # marks where a word starts or ends, of a tokenizer that keeps spaces


def cluster_name(texts: Sequence[str]) -> str:
    """The name of a cluster: the first three of its central tokens, without the marks of spaces."""
    return _joined([text.strip(SPACE) or text for text in texts[:3]])


def cluster_names(central: Sequence[Sequence[str]]) -> list[str]:
    """The names of the clusters of a level, by the central tokens of each. Where two would begin
    alike, as those of words and of the same words within others do, the marks of spaces stay."""
    names = [cluster_name(texts) for texts in central]
    first = Counter(map(short_name, names))
    return [
        name if first[short_name(name)] == 1 else _joined(texts[:3])
        for name, texts in zip(names, central, strict=True)
    ]


def _joined(texts: Sequence[str]) -> str:
    return BETWEEN.join(cut(text, LONGEST) for text in texts)


def page_of(cluster: Cluster, coarse: Sequence[Cluster], pages: str) -> str:
    """Where a cluster is told, below the page of all clusters: on a page of its own, or at its
    place on that of the coarse one around it, or of all. `pages` is the map's option."""
    if pages == "none":
        return f"#{cluster.slug}"
    if pages == "all" or cluster.level == "coarse":
        return f"{cluster.slug}/"
    around = f"{coarse[cluster.parent].slug}/" if cluster.parent is not None else ""
    return f"{around}#{cluster.slug}"


def short_name(name: str) -> str:
    """The first token of a cluster's name, which names a coarse cluster on a map or a poster. What
    is no list of tokens stays whole."""
    return name.split(BETWEEN)[0]


def map_name(level: str, name: str) -> str:
    """A cluster's name on the map; of a coarse one the first token alone."""
    return short_name(name) if level == "coarse" else name

"""The pages of maps and of their models, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from atlas.maps.cluster_view import (
    TOLD_COARSE,
    TOLD_INSIDE,
    TOLD_OUTSIDE,
    ClusterView,
    Inner,
    inner,
)
from atlas.maps.facts import Cluster
from atlas.maps.sharing import Sharing
from atlas.maps.view import MapView
from atlas.web.page import Page


@dataclass(frozen=True)
class ModelPage:
    """The context of maps/model.html.

    view  the model's first map
    maps  all its maps
    """

    view: MapView
    maps: Sequence[MapView]


@dataclass(frozen=True)
class MapPage:
    """The context of maps/map.html and maps/embed.html.

    view     the map
    sharing  its citations, snippets and facts for search engines
    """

    view: MapView
    sharing: Sharing


@dataclass(frozen=True)
class ClustersPage:
    """The context of maps/clusters.html.

    view     the map
    told     its coarse clusters, each with the fine ones within, where they have no pages
    outside  its fine clusters in no coarse one
    """

    view: MapView
    told: Sequence[tuple[Inner, Sequence[Inner]]]
    outside: Sequence[Inner]


@dataclass(frozen=True)
class ClusterPage:
    """The context of maps/cluster.html and of its fragments (tokens, close, rest).

    view     the map
    cluster  the cluster
    """

    view: MapView
    cluster: ClusterView


@dataclass(frozen=True)
class ClusterPartPage:
    """The context of maps/part.html, a page of tokens that a cluster's own has no room for.

    view     the map
    cluster  the cluster
    part     its place among these pages, from 1
    """

    view: MapView
    cluster: ClusterView
    part: int


def pages(views: Sequence[MapView]) -> Iterator[Page]:
    """A page for each model; for each map its page, the one for frames, that of all clusters, and
    those of the clusters that the map's options give one."""
    by_model: dict[str, list[MapView]] = {}
    for view in views:
        by_model.setdefault(view.model.id, []).append(view)
    for model, maps in by_model.items():
        yield Page(f"models/{model}/", "maps/model.html", ModelPage(maps[0], maps))
    for view in views:
        base, own = f"maps/{view.id}/", MapPage(view, Sharing(view.site, view))
        yield Page(base, "maps/map.html", own, pictured=view)
        yield Page(
            f"embed/{view.id}/", "maps/embed.html", own, indexed=False, framed=True, pictured=view
        )
        yield Page(f"{base}clusters/", "maps/clusters.html", _clusters(view), pictured=view)
        paged = {"all": view.about.clusters, "coarse": view.coarse, "none": ()}
        for cluster in paged[view.map.clusters.pages]:
            shown = ClusterView(view, cluster)
            own_base = f"{base}clusters/{cluster.slug}/"
            yield Page(
                own_base,
                "maps/cluster.html",
                ClusterPage(view, shown),
                searched=False,  # of clusters there are thousands; their tokens are words
                # The tokens of a cluster are the same in every language.
                fragments={name: f"maps/{name}.html" for name in ("tokens", "close", "rest")},
                pictured=view,
            )
            for part in range(1, shown.pages + 1):
                yield Page(
                    f"{own_base}{part}/",
                    "maps/part.html",
                    ClusterPartPage(view, shown, part),
                    indexed=False,
                    pictured=view,
                )


def _clusters(view: MapView) -> ClustersPage:
    told = view.coarse if view.map.clusters.pages == "none" else ()
    return ClustersPage(
        view,
        [(inner(view, one, TOLD_COARSE), _told(view, view.children(one))) for one in told],
        _told(view, view.outside(), TOLD_OUTSIDE),
    )


def _told(view: MapView, clusters: Iterable[Cluster], most: int = TOLD_INSIDE) -> list[Inner]:
    return [inner(view, cluster, most) for cluster in clusters]

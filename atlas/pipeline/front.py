"""The pages of a site, in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from atlas import atlas_toml as settings
from atlas.maps.cluster_view import cluster_view
from atlas.maps.view import MapView
from atlas.web.page import Page


def pages(
    config: settings.Config,
    views: list[MapView],
    compared: Sequence[Any] = (),
    study: Any = None,
    sensed: Sequence[Any] = (),
) -> Iterator[Page]:
    """Every page of the site, the same for each language; `compared` are the comparisons, `study`
    what the write-up shows, `sensed` the sense maps."""
    by_model: dict[str, list[MapView]] = {}
    for view in views:
        by_model.setdefault(view.model.id, []).append(view)
    yield Page("", "home.html", {"views": views, "models": list(by_model.values())})
    yield Page("about/", "about.html", {"views": views})
    yield Page("embedding/", "embedding.html", {"views": views})
    if compared:
        yield Page("compare/", "comparisons/index.html", {"pairs": compared})
    for pair in compared:
        yield Page(f"compare/{pair.id}/", "comparisons/comparison.html", {"pair": pair})
    if study is not None:
        yield Page("write-ups/inputs-embeds/", "inputs_embeds/write_up.html", {"study": study})
    if sensed:
        yield Page("senses/", "senses/index.html", {"sensed": sensed})
    for one in sensed:
        yield Page(f"senses/{one.id}/", "senses/sense.html", {"found": one})
    for maps in by_model.values():
        yield Page(
            f"models/{maps[0].model.id}/", "maps/model.html", {"maps": maps, "view": maps[0]}
        )
    for view in views:
        base = f"maps/{view.id}/"
        yield Page(base, "maps/map.html", {"view": view})
        yield Page(f"embed/{view.id}/", "maps/embed.html", {"view": view}, indexed=False)
        yield Page(f"{base}clusters/", "maps/clusters.html", {"view": view})
        for cluster in view.about.clusters:
            yield Page(
                f"{base}clusters/{cluster.slug}/",
                "maps/cluster.html",
                {"view": view, "one": cluster_view(view, cluster)},
            )
    yield Page("404.html", "404.html", {}, indexed=False)

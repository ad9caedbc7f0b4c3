"""The pages of vocabularies, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.vocabularies.view import OrdersView, PairView, SetView, VocabulariesView
from atlas.web.page import Page


@dataclass(frozen=True)
class VocabulariesPage:
    """The context of vocabularies/index.html: `view`, all vocabularies."""

    view: VocabulariesView


@dataclass(frozen=True)
class PairPage:
    """The context of vocabularies/pair.html: `pair`, two vocabularies."""

    pair: PairView


@dataclass(frozen=True)
class WallPage:
    """The context of vocabularies/wall.html.

    wall   a set in all vocabularies
    part   the number of the page, from 0 on
    """

    wall: SetView
    part: int


@dataclass(frozen=True)
class OrdersPage:
    """The context of vocabularies/orders.html: `orders`, those of a model."""

    orders: OrdersView


def pages(address: str, views: Sequence[VocabulariesView]) -> Iterator[Page]:
    """The page of all vocabularies, a page for each pair, for each set, and for each model's
    orders."""
    for view in views:
        yield Page(address, "vocabularies/index.html", VocabulariesPage(view))
        for pair in view.pairs:
            yield Page(f"{address}{pair.id}/", "vocabularies/pair.html", PairPage(pair))
        for asked in view.sets:
            for part in range(len(asked.parts)):
                own = f"{address}{asked.address(part)}"
                yield Page(own, "vocabularies/wall.html", WallPage(asked, part))
        for orders in view.orders:
            own = f"{address}order/{orders.id}/"
            yield Page(own, "vocabularies/orders.html", OrdersPage(orders))

"""The pages of comparisons, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.comparisons.view import ComparisonView
from atlas.web.page import Page


@dataclass(frozen=True)
class ComparisonsPage:
    """The context of comparisons/index.html: `pairs`, all comparisons."""

    pairs: Sequence[ComparisonView]


@dataclass(frozen=True)
class ComparisonPage:
    """The context of comparisons/comparison.html: `pair`, the comparison."""

    pair: ComparisonView


def pages(address: str, views: Sequence[ComparisonView]) -> Iterator[Page]:
    """A list of all comparisons, and a page for each."""
    if views:
        yield Page(address, "comparisons/index.html", ComparisonsPage(views))
    for pair in views:
        yield Page(f"{address}{pair.id}/", "comparisons/comparison.html", ComparisonPage(pair))

"""The pages of tables, and the contexts of their templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.tables.view import TableView
from atlas.web.page import Page


@dataclass(frozen=True)
class TablesPage:
    """The context of tables/index.html: `tables`, those of all models."""

    tables: Sequence[TableView]


@dataclass(frozen=True)
class TablePage:
    """The context of tables/table.html: `table`, that of a model."""

    table: TableView


def pages(address: str, views: Sequence[TableView]) -> Iterator[Page]:
    """A list of all tables, and a page for each below its model's."""
    if views:
        yield Page(address, "tables/index.html", TablesPage(views))
    for view in views:
        yield Page(view.address, "tables/table.html", TablePage(view))

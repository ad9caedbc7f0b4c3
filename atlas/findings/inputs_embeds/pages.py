"""The page of the write-up, and the context of its templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.inputs_embeds.config import FAMILIES
from atlas.findings.inputs_embeds.table import Table
from atlas.findings.inputs_embeds.view import WriteUpView
from atlas.web.page import Page


@dataclass(frozen=True)
class WriteUpPage:
    """The context of inputs_embeds/write_up.html, its prose and its parts: `write_up`."""

    write_up: WriteUpView


@dataclass(frozen=True)
class FamiliesPage:
    """The context of inputs_embeds/families.html: `table`, all families, of `write_up`."""

    table: Table
    write_up: WriteUpView


@dataclass(frozen=True)
class SubjectPage:
    """The context of inputs_embeds/subject.html: `write_up`, of its one model alone."""

    write_up: WriteUpView


def pages(address: str, views: Sequence[WriteUpView]) -> Iterator[Page]:
    """The page of the write-up, where it is asked for, and those of the models that it has no room
    for."""
    for view in views:
        yield Page(address, "inputs_embeds/write_up.html", WriteUpPage(view))
        own = f"{address}{FAMILIES}/"
        yield Page(own, "inputs_embeds/families.html", FamiliesPage(view.table, view))
        for subject in view.others:
            own = f"{address}{subject.model.id}/"
            yield Page(own, "inputs_embeds/subject.html", SubjectPage(view.alone(subject)))

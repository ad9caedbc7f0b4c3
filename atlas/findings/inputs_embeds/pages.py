"""The page of the write-up, and what its template is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from atlas.findings.inputs_embeds.view import WriteUpView
from atlas.web.page import Page


@dataclass(frozen=True)
class WriteUpPage:
    """What inputs_embeds/write_up.html, its prose and its parts are told: what was measured."""

    write_up: WriteUpView


def pages(address: str, views: Sequence[WriteUpView]) -> Iterator[Page]:
    """The one page of the write-up, where it is asked for."""
    for view in views:
        yield Page(address, "inputs_embeds/write_up.html", WriteUpPage(view))

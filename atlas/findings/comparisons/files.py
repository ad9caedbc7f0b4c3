"""The files that the page of a comparison is drawn from: those of the second map as it is aligned
with the first, and the ids of shared tokens."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from atlas.findings.comparisons.view import VERSION, ComparisonView
from atlas.maps.files import payload
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.published import drawn

if TYPE_CHECKING:
    from atlas.web.writer import Derived, Writer


def write(pair: ComparisonView, writer: Writer) -> None:
    """Write the files of a comparison, unless they exist, and tell it where they are."""
    recipes = f"{pair.data.recipe} {pair.first.about.recipe} {pair.second.about.recipe}"
    key = f"{payload.VERSION} {VERSION} {recipes}"
    facts = dict(writer.derive(pair.id, key, partial(_drawn, pair)))
    pair.pairs = facts.pop("pairs")
    pair.beside.files = MapFiles(**facts, cards=pair.second.files.cards)


def _drawn(pair: ComparisonView) -> Derived[dict[str, Any]]:
    """The files of the aligned second map, its posters, and the ids of shared tokens."""
    files, facts = drawn(pair.beside, pair.id)
    facts["pairs"] = None
    if pair.data.pairs is not None:
        sides = [pair.ids[:, side].tolist() for side in (0, 1)]
        content = json.dumps(sides, separators=(",", ":")).encode()
        digest = hashlib.sha256(content).hexdigest()[:10]
        facts["pairs"] = f"{FOLDER}{pair.id}.pairs.{digest}.json"
        files[facts["pairs"]] = content
    return files, facts

"""The files that the page of a comparison is drawn from: those of the second map as it is aligned
with the first, and the ids of shared tokens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from atlas.findings.comparisons.view import VERSION, ComparisonView
from atlas.maps.files import payload
from atlas.maps.files.addresses import FOLDER, MapFiles
from atlas.maps.files.published import drawn
from atlas.web.writer import Wanted

if TYPE_CHECKING:
    from atlas.section import Gallery
    from atlas.web.writer import Derived


def publish(pairs: Sequence[ComparisonView], gallery: Gallery) -> None:
    """Ask for the files of comparisons, and have these told where they are."""

    def tell(made: Sequence[Mapping[str, Any]]) -> None:
        for pair, facts in zip(pairs, made, strict=True):
            files = dict(facts)
            pair.pairs = files.pop("pairs")
            pair.beside.files = MapFiles(**files, cards=pair.second.files.cards)

    gallery.derive([_wanted(pair) for pair in pairs], tell)


def _wanted(pair: ComparisonView) -> Wanted:
    recipes = f"{pair.data.recipe} {pair.first.about.recipe} {pair.second.about.recipe}"
    return Wanted(pair.id, f"{payload.VERSION} {VERSION} {recipes}", partial(_drawn, pair))


def _drawn(pair: ComparisonView) -> Derived[dict[str, Any]]:
    """The files of the aligned second map, its posters, and the ids of shared tokens."""
    files, facts = drawn(pair.beside, pair.id, pair.second)
    facts["pairs"] = None
    if pair.data.pairs is not None:
        sides = [pair.ids[:, side].tolist() for side in (0, 1)]
        content = json.dumps(sides, separators=(",", ":")).encode()
        digest = hashlib.sha256(content).hexdigest()[:10]
        facts["pairs"] = f"{FOLDER}{pair.id}.pairs.{digest}.json"
        files[facts["pairs"]] = content
    return files, facts

"""The projection that a map shows first: the most faithful one."""

from __future__ import annotations

from atlas.engine.stage import stage
from atlas.maps.records import Faithfulness, Layout


@stage("foremost", version=2, weight=0.1)
def foremost(faithfulness: Faithfulness, *layouts: Layout) -> Layout:
    """Of some layouts the one with the highest overlap, the first of equals. They are measured
    first of those in `faithfulness`, in their order."""
    kept = [figures["overlap"] for figures in faithfulness.figures[: len(layouts)]]
    return layouts[kept.index(max(kept))]

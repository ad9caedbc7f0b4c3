"""The projection that a map shows first: the most faithful one."""

from __future__ import annotations

from atlas.engine.stage import stage
from atlas.maps.records import Faithfulness, Layout


@stage("foremost", version=1, weight=0.1)
def foremost(*records: Layout | Faithfulness) -> Layout:
    """Of some layouts the one with the highest overlap, the first of equals; as many records of
    their faithfulness follow them."""
    half = len(records) // 2
    layouts = [record for record in records[:half] if isinstance(record, Layout)]
    truths = [record for record in records[half:] if isinstance(record, Faithfulness)]
    pairs = zip(layouts, truths, strict=True)
    return max(pairs, key=lambda pair: float(pair[1].figures["overlap"]))[0]

"""The layout that is shown: a projection arranged so that it fills the frame of its pictures."""

from __future__ import annotations

from atlas.engine.stage import Work, helper, stage
from atlas.maps.records import Layout, Neighbors
from atlas.maps.stages.project import upright
from atlas.numeric import axes, cartogram

CARTOGRAM = helper("cartogram", version=cartogram.VERSION)
AXES = helper("axes", version=axes.VERSION)

_NEAR = 15  # neighbors that places follow, and that are counted


@stage("arrange", version=1, weight=2, uses=(CARTOGRAM,), parallel=True)
def arrange(neighbors: Neighbors, layout: Layout, *, aspect: float, work: Work = Work()) -> Layout:
    """A layout whose axes mean nothing, with points that fill a frame of an aspect (height over
    width), centred as `project` leaves it.

    Its parameters tell, beside the projection's, `filled`: the share of the frame that the densest
    half of the points takes; and `overlap_as_drawn`: the mean overlap of the layout as the
    projection drew it, which that of the arranged one is to be compared with.
    """
    n = len(layout.xy)
    if n < cartogram.FEWEST:
        return layout
    true = neighbors.rows[:, :_NEAR]
    xy, facts = cartogram.filled(layout.xy, aspect, true, work.threads)
    return Layout(upright(xy, turn=False), {**layout.parameters, **facts})


@stage("arrange_axes", version=1, uses=(AXES,), parallel=True)
def arrange_axes(
    neighbors: Neighbors, layout: Layout, *, aspect: float, work: Work = Work()
) -> Layout:
    """A layout whose axes mean something, drawn in along them, as `arrange` otherwise."""
    if len(layout.xy) < cartogram.FEWEST:
        return layout
    xy, facts = axes.filled(layout.xy, aspect, neighbors.rows[:, :_NEAR], work.threads)
    return Layout(upright(xy, turn=False), {**layout.parameters, **facts})

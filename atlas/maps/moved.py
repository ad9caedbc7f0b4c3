"""Where a cluster's page of an earlier build is to be found now."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from atlas.maps.view import MapView

# A cluster's address ends with the id of its first token (`maps.gather`).
_ADDRESS = re.compile(
    r"maps/(?P<map>[^/]+)/clusters/(?:[^/]*-)?(?P<token>\d+)(?P<region>-region)?/(?:\d+/)?"
)


def now(address: str, views: Mapping[str, MapView]) -> str | None:
    """The address of the cluster, of the same level, that now holds the first token of the one
    that was told at `address`; of this token on the map, where none does. `views` are the maps by
    id; None for what is no cluster of theirs."""
    found = _ADDRESS.fullmatch(address)
    view = views.get(found["map"]) if found else None
    if not found or not view:
        return None
    row, token = int(np.searchsorted(view.ids, int(found["token"]))), int(found["token"])
    if row == len(view.ids) or view.ids[row] != token:
        return f"maps/{view.id}/clusters/"
    level = "coarse" if found["region"] else "fine"
    key = int(view.data.column(f"cluster_{level}")[row])
    if key < 0:
        return f"maps/{view.id}/#t={token}"
    return view.page_of((view.coarse if level == "coarse" else view.fine)[key])

"""Where the files of a map stand in the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# What map pages fetch, and posters: a digest in each name, to be kept for long. What people name
# stands in data/.
FOLDER = "assets/maps/"


@dataclass(frozen=True)
class MapFiles:
    """Addresses below the site's root.

    meta      what the page is told of the files it fetches
    points    the main projection, which the page wants first
    pictures  posters by projection and width in pixels (`umap-1200`)
    cards     pictures of link previews by language
    """

    meta: str
    points: str
    pictures: Mapping[str, str]
    cards: Mapping[str, str]

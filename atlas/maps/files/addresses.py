"""Addresses of the files of a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Files that map pages fetch, and posters. Their names hold digests, so browsers may keep them.
# Files whose addresses people use are in data/.
FOLDER = "assets/maps/"


@dataclass(frozen=True)
class MapFiles:
    """Addresses below the site's root.

    meta      the file that describes the others, which the page reads first
    points    the points of the main projection
    pictures  posters by projection and width in pixels (`umap-1200`)
    cards     pictures of link previews by language
    """

    meta: str
    points: str
    pictures: Mapping[str, str]
    cards: Mapping[str, str]

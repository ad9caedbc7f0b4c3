"""The table [[compare]] of atlas.toml."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from atlas.config.fields import Part, Text, distinct


class Compare(Part):
    """Two maps side by side, over the tokens that both show, and how alike their spaces are."""

    maps: Annotated[tuple[str, str], AfterValidator(distinct)]
    """The ids of the maps, <model>-<name>. The second is turned and scaled to lie on the first."""
    title: Text | None = None
    """Its title on the site; made of both maps' titles when left out."""
    description: Text | None = None
    """A sentence under the title."""

    @property
    def id(self) -> str:
        """Its name in addresses."""
        return "--".join(self.maps)

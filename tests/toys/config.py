"""The table [[toys]] of atlas.toml."""

from __future__ import annotations

from atlas.atlas_toml import Config
from atlas.config.fields import Part, Slug


class Toy(Part):
    """One toy."""

    name: Slug
    """Its name in addresses."""
    model: str
    """The id of the model."""


class ToyConfig(Config):
    """What Config would be with the new kind's field."""

    toys: tuple[Toy, ...] = ()
    """The toys."""

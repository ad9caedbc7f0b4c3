"""The projections a map may have, a row each.

To add one: its function in `numeric/` (see Function), a row here, and a field of its name for its
options in maps/config.Map, if it has any. Everything else follows: what atlas.toml may name, the
tasks and how heavy they are, and its title on the site. Nothing slow is imported before a
projection is computed.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from atlas.errors import StageError
from atlas.numeric.types import Array, Facts, Floats, Near, Progress


class Function(Protocol):
    """How a projection is called: the vectors (n, d) and their neighbors (n, k), n being 4 or more,
    become coordinates (n, 2) and the parameters used, as JSON values.

    The same seed gives the same coordinates on one machine, on any number of threads. A function
    takes what it does not need as `**_`.
    """

    def __call__(
        self,
        values: Floats,
        near: Near,
        *,
        seed: int,
        device: str,
        threads: int,
        progress: Progress,
        **options: object,
    ) -> tuple[Array, Facts]:
        """The coordinates, and what they follow from."""
        ...


@dataclass(frozen=True)
class Projection:
    """One way to draw a map.

    name       in atlas.toml, data and addresses
    title      on the site, in any language
    place      address of the function, `module:name`
    weight     about how many seconds it takes for a large vocabulary
    turned     whether its axes mean nothing, so that the longer one may be laid flat
    """

    name: str
    title: str
    place: str
    weight: float = 1.0
    turned: bool = False

    @property
    def function(self) -> Function:
        """The function, its module loaded now."""
        module, _, name = self.place.partition(":")
        return cast(Function, getattr(importlib.import_module(module), name))


def _by_name(*rows: Projection) -> dict[str, Projection]:
    return {row.name: row for row in rows}


PROJECTIONS: Mapping[str, Projection] = _by_name(
    Projection("umap", "UMAP", "atlas.numeric.umap:project", 10, turned=True),
    Projection("tsne", "t-SNE", "atlas.numeric.tsne:project", 80, turned=True),
    Projection("pca", "PCA", "atlas.numeric.pca:project", 1),
)
# Never shown: the baseline of every measure.
RANDOM = Projection("random", "Random", "atlas.numeric.disk:project", 0.1)


def named(name: str) -> Projection:
    """The projection of a name, the random one too. Raises StageError for one that is not known."""
    row = RANDOM if name == RANDOM.name else PROJECTIONS.get(name)
    if row is None:
        names = ", ".join(PROJECTIONS)
        raise StageError(f"The projection {name!r} is not known.", f"There are: {names}.")
    return row

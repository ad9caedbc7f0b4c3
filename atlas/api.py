"""An atlas in Python, for notebooks and scripts: its maps as tables and figures, and as themselves.

    import atlas

    site = atlas.open("site")                       # a folder with an atlas.toml
    words = site["minilm-words"]
    words.frame()                                   # a pandas DataFrame, a row a token
    words.neighbors("victory", 5)                   # its nearest neighbors by cosine
    words.figure(colour="kind")                     # a plotly Figure of the main projection
    words                                           # in a notebook: the map itself

Reads atlas data alone and computes nothing, so it needs no machine-learning library. What goes
wrong is told by errors of `atlas.errors`: UsageError for what is asked for and not there,
ConfigError and DataError for files that are wrong.
"""

from __future__ import annotations

import difflib
import operator
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from atlas import atlas_toml
from atlas.config.faults import nearest
from atlas.config.site import Site
from atlas.config.site import text as text_in
from atlas.errors import UsageError
from atlas.maps import data as dataset
from atlas.maps.data import NOBODY, Dataset
from atlas.maps.facts import About

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

SUGGESTED = 3  # words named where a word is no token


class NotThere(UsageError, KeyError):
    """A map or a token that an atlas does not have; the message names near ones."""


def open(path: str | Path | None = None) -> Atlas:  # noqa: A001  # called as atlas.open
    """Open an atlas: a folder with an atlas.toml, the file itself, a built site, or a folder of
    atlas data. The nearest atlas.toml upward, or that of ./site, when left out.

    Raises UsageError where there is none of these, ConfigError when atlas.toml is wrong.
    """
    if path is None:
        return _of_config(atlas_toml.find())
    path = Path(path)
    if path.name == atlas_toml.NAME or (path / atlas_toml.NAME).is_file():
        return _of_config(atlas_toml.find(path))
    for folder in (path / "data", path):
        if ids := _ids(folder):
            return Atlas(_nameless(folder), folder, ids)
    if not path.exists():
        raise UsageError(f"{path}: there is no such folder", "Name a folder with an atlas.toml.")
    raise UsageError(
        f"{path}: neither an {atlas_toml.NAME} nor atlas data here",
        f"Make an atlas with `atlas init {path}`, or open a folder that has one.",
    )


class Atlas(Mapping[str, "Map"]):
    """The maps of an atlas that are built, by id: a mapping, in the order of atlas.toml.

    config  what atlas.toml says; without one, a config that names no map
    data    the folder of the atlas data
    maps    the ids

    >>> site = open("site")
    >>> site.maps
    ('minilm-words', 'ja-aozora-words')
    >>> len(site)
    2
    >>> site["minilm-words"]
    Map('minilm-words', 1500 tokens)
    """

    def __init__(self, config: atlas_toml.Config, data: Path, maps: tuple[str, ...]) -> None:
        self.config = config
        self.data = data
        self.maps = maps
        self._opened: dict[str, Map] = {}

    def __getitem__(self, map_id: str) -> Map:
        """The map with an id. Raises NotThere, which is a KeyError, for an id that no map has, and
        DataError when its files are damaged."""
        if map_id not in self.maps:
            raise self._missing(map_id)
        if map_id not in self._opened:
            self._opened[map_id] = Map(dataset.read(self.data, map_id), self.config)
        return self._opened[map_id]

    def __contains__(self, map_id: object) -> bool:
        return map_id in self.maps

    def __iter__(self) -> Iterator[str]:
        return iter(self.maps)

    def __len__(self) -> int:
        return len(self.maps)

    def __repr__(self) -> str:
        return f"Atlas({str(self.data.parent)!r}, {len(self)} maps)"

    def _missing(self, map_id: object) -> NotThere:
        named = [entry.id(model) for model in self.config.models for entry in model.maps]
        if map_id in named:
            return NotThere(f"{map_id}: this map is not built; run `atlas build`")
        return NotThere(f"{map_id}: no such map{nearest(str(map_id), self.maps)}")


class Map:
    """One map: its tokens, their neighbors, where they stand, and what is known of it.

    Shows itself in a notebook as the interactive map of the site, from one file that asks for
    nothing from elsewhere.
    """

    def __init__(self, data: Dataset, config: atlas_toml.Config) -> None:
        self._data = data
        self._config = config

    @property
    def id(self) -> str:
        """Its name in addresses and files, such as `minilm-words`."""
        return self.about.map.id

    @property
    def about(self) -> About:
        """What its JSON file says: model, space, faithfulness, clusters, landmarks, claims."""
        return self._data.about

    @property
    def title(self) -> str:
        """Its title in the first language of the site; the id where atlas.toml has none."""
        language = self._config.site.languages[0]
        for model in self._config.models:
            for entry in model.maps:
                if entry.id(model) == self.id:
                    named = text_in(entry.title, language) or text_in(model.title, language)
                    return named or self.id
        return self.id

    @property
    def projections(self) -> tuple[str, ...]:
        """Its projections, the main one first."""
        return tuple(self.about.map.projections)

    def __len__(self) -> int:
        return len(self._data.table)

    def __repr__(self) -> str:
        return f"Map({self.id!r}, {len(self)} tokens)"

    def frame(self) -> pd.DataFrame:
        """The atlas data as a DataFrame: a row a token in id order, its columns in file order.

        `token_id` is a column like any other, and the index counts rows. `kind`, `script` and `pos`
        are categories; `neighbor_ids` and `neighbor_similarities` hold an array (k,) a cell.

        >>> frame = open("site")["minilm-words"].frame()
        >>> frame.shape
        (1500, 25)
        >>> frame["kind"].value_counts().to_dict()
        {'word': 1500}
        """
        return self._data.table.to_pandas(categories=["kind", "script", "pos"])

    def neighbors(self, token: str | SupportsIndex, n: int = 10) -> pd.DataFrame:
        """The nearest neighbors of a token in the space, by cosine, nearest first: `rank` (from 1),
        `token_id`, `token`, `text` and `similarity`.

        A token whose vector is zero has none. `token` is the text as a reader sees it, the token as
        the tokenizer has it, or its id. Where several tokens read the same, the first by id is
        meant. Raises NotThere, which is a
        KeyError, for a word that is no token of this map, and UsageError when `n` is more than are
        kept.

        >>> site = open("site")
        >>> list(site["minilm-words"].neighbors("man", 3)["text"])
        ['men', 'woman', 'women']
        """
        import pandas as pd

        kept = self.about.map.neighbors
        if not 0 < n <= kept:
            raise UsageError(
                f"{n} neighbors: {self.id} keeps {kept} of each token",
                "Ask for 1 to that many, or set `neighbors` of the map in atlas.toml.",
            )
        row = self._row(token)
        ids = self._data.lists("neighbor_ids")[row, :n]
        ids = ids[ids != NOBODY]
        rows = np.searchsorted(self._data.column("token_id"), ids)
        return pd.DataFrame(
            {
                "rank": np.arange(1, len(ids) + 1),
                "token_id": ids,
                "token": [self._tokens[other] for other in rows],
                "text": [self._texts[other] for other in rows],
                "similarity": self._data.lists("neighbor_similarities")[row, : len(ids)],
            }
        )

    def figure(self, colour: str = "cluster", projection: str | None = None) -> go.Figure:
        """A projection as a plotly Figure: a dot a token, with its text under the pointer.

        `colour` is `cluster`, `kind`, `script`, `pos` (groups, as traces that the legend hides and
        shows) or `overlap` (the share of true neighbors that the projection keeps, on a scale).
        `projection` is the main one when left out. Raises UsageError for others.

        >>> figure = open("site")["minilm-words"].figure(colour="kind", projection="pca")
        >>> [trace.name for trace in figure.data]
        ['word']
        """
        from atlas.export.figure import COLOURS, figure

        projection = projection or self.projections[0]
        _choice("projection", projection, self.projections)
        _choice("colour", colour, COLOURS)
        return figure(self._data, self.title, colour, projection)

    def html(self, language: str = "") -> str:
        """The map as a web page in one file, as `atlas export --format html` writes it; in the
        first language of the site when left out. Raises UsageError for a language it has not."""
        from atlas.export.page import page

        if language:
            _choice("language", language, self._config.site.languages)
        return page(self._config, self._data, language)

    def show(self, height: int | None = None) -> None:
        """Show the map in a notebook, `height` pixels high; as high as suits its width when left
        out. Raises UsageError where there is no notebook."""
        notebook: Any = sys.modules.get("IPython")
        if notebook is None or notebook.get_ipython() is None:
            raise UsageError(
                "there is no notebook to show the map in",
                "Write it to a file: Path('map.html').write_text(map.html(), encoding='utf-8')",
            )
        shown = {"text/html": self._framed(height), "text/plain": repr(self)}
        notebook.display.display(shown, raw=True)

    def _repr_html_(self) -> str:
        return self._framed()

    def _framed(self, height: int | None = None) -> str:
        from atlas.export.page import frame

        return frame(self.html(), self.title, height)

    @cached_property
    def _texts(self) -> list[str]:
        return [str(text) for text in self._data.strings("text")]

    @cached_property
    def _tokens(self) -> list[str]:
        return [str(token) for token in self._data.strings("token")]

    def _row(self, token: str | SupportsIndex) -> int:
        """The row of a token by text or id. Raises NotThere."""
        if not isinstance(token, str):
            return self._row_of_id(operator.index(token))
        for column in (self._texts, self._tokens):
            if token in column:
                return column.index(token)
        near = difflib.get_close_matches(token, self._texts, SUGGESTED, 0.6)
        meant = f" (did you mean {', '.join(near)}?)" if near else ""
        raise NotThere(f"{token!r}: no token of {self.id}{meant}")

    def _row_of_id(self, token_id: int) -> int:
        ids = self._data.column("token_id")
        row = int(np.searchsorted(ids, token_id))
        if row == len(ids) or ids[row] != token_id:
            raise NotThere(f"token {token_id}: not on {self.id}")
        return row


def _of_config(path: Path) -> Atlas:
    """The maps of an atlas.toml whose data are there."""
    config = atlas_toml.load(path)
    data = config.root / "data"
    there = set(_ids(data))
    named = (entry.id(model) for model in config.models for entry in model.maps)
    return Atlas(config, data, tuple(map_id for map_id in named if map_id in there))


def _ids(folder: Path) -> tuple[str, ...]:
    """The ids of the maps whose files are in a folder, sorted; they have no dots, which names of
    findings' files do."""
    tables = folder.glob("*.parquet")
    return tuple(
        sorted(
            path.stem
            for path in tables
            if "." not in path.stem and path.with_suffix(".json").is_file()
        )
    )


def _nameless(folder: Path) -> atlas_toml.Config:
    """A config for atlas data without an atlas.toml: it names no map."""
    config = atlas_toml.Config.model_construct(site=Site(), models=())
    config._root = folder
    return config


def _choice(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise UsageError(f"{what} {value!r}: no such {what}{nearest(value, known)}")

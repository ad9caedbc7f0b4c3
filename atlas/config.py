"""atlas.toml: what to map and how to publish it. Frozen pydantic models; every error at once, with its place in the file."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError, model_validator

from atlas import problems
from atlas.errors import ConfigError, UsageError
from atlas.experiments import Compare, Corpus, Pitfall, Senses
from atlas.fields import Flag, Language, Part, Pattern, Slug, Text, Whole, distinct
from atlas.lexicons import Claim, Landmark

NAME = "atlas.toml"
Method = Literal["umap", "tsne", "pca"]


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", value):
        raise ValueError("write a language tag such as en, ja or zh-Hant")
    return value


_SOURCES = {
    "hub": (r"[\w.-]+(/[\w.-]+)?", "hub:org/name"),
    "path": (r".+", "path:folder"),
    "package": (r"[A-Za-z_]\w*(/.+)?", "package:module/folder"),
}


def _source(value: str) -> str:
    kind, colon, rest = value.partition(":")
    if kind not in _SOURCES or not colon:
        near = problems.nearest(kind, _SOURCES, "") if colon else ""
        raise ValueError(f"write {', '.join(form for _, form in _SOURCES.values())}{near}")
    shape, form = _SOURCES[kind]
    if not re.fullmatch(shape, rest, re.ASCII if kind == "hub" else 0):
        raise ValueError(f"write {form}")
    return value


def _range(value: tuple[int, int] | None) -> tuple[int, int] | None:
    if value and value[0] > value[1]:
        raise ValueError(f"the range [{value[0]}, {value[1]}] is empty; write the smaller id first")
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError("write a full address such as https://atlas.example.org/ or leave it empty")
    return value.rstrip("/")


def text(value: Text | None, language: str, fallback: str = "") -> str:
    """A text in a language: its own, else the first there is."""
    if isinstance(value, dict):
        named = {str(key): word for key, word in value.items()}
        return named.get(language) or next(iter(named.values()), fallback)
    return value or fallback


class Site(Part):
    """The website as a whole."""

    title: Text = "Embedding atlas"
    """Its name, one text or one a language."""
    description: Text = ""
    """One sentence for search engines and link previews."""
    author: str = ""
    """Who publishes it; named in the footer and in citations."""
    base_url: Annotated[str, AfterValidator(_base_url)] = ""
    """Where it will live. Only canonical links, the sitemap and the feed need it; all other links are relative."""
    languages: Annotated[tuple[Language, ...], Field(min_length=1), AfterValidator(distinct)] = ("en", "ja")
    """Editions to write. The first stands at /, the others at /<language>/."""


class Selection(Part):
    """Which tokens a map shows. All conditions must hold; `first` and `last` count among what the others leave."""

    first: Annotated[Whole, Field(gt=0)] | None = None
    """The first N tokens by id: in most WordPiece vocabularies the most frequent ones."""
    last: Annotated[Whole, Field(gt=0)] | None = None
    """The last N tokens by id."""
    ids: Annotated[tuple[Annotated[Whole, Field(ge=0)], Annotated[Whole, Field(ge=0)]] | None, AfterValidator(_range)] = None
    """A closed range of ids, [from, to]."""
    kinds: Annotated[tuple[Literal["word", "continuation", "special", "byte", "unused"], ...], Field(min_length=1)] | None = None
    """Kinds to keep."""
    scripts: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Scripts to keep, such as Latin, Han, Hiragana, Katakana, Digits."""
    pattern: Pattern | None = None
    """A regular expression searched in the readable text."""

    @model_validator(mode="after")
    def _sensible(self) -> Selection:
        if self.first and self.last:
            raise ValueError("last: excludes `first`; make two maps")
        return self

    def conditions(self) -> dict[str, Any]:
        """Only what is set, as JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class Umap(Part):
    """UMAP (McInnes, Healy & Melville 2018)."""

    min_dist: Annotated[float, Field(ge=0, le=1)] = 0.05
    """How tightly points may be packed."""
    epochs: Annotated[Whole, Field(gt=0)] | None = None
    """Rounds of optimisation; chosen by the number of tokens when left out."""
    implementation: Literal["torch", "umap-learn"] = "torch"
    """`torch` is this project's own, vectorised, with nothing to compile; `umap-learn` is the reference."""


class Tsne(Part):
    """t-SNE (van der Maaten & Hinton 2008) as openTSNE does it."""

    iterations: Annotated[Whole, Field(ge=50)] | None = None
    """Rounds of optimisation after early exaggeration; 250 when left out."""


class ClusterOptions(Part):
    """Sizes of clusters (HDBSCAN's min_cluster_size); chosen by the number of tokens when left out."""

    coarse: Annotated[Whole, Field(ge=2)] | None = None
    """The smallest coarse cluster."""
    fine: Annotated[Whole, Field(ge=2)] | None = None
    """The smallest fine cluster."""


class Map(Part):
    """One space and one selection, drawn by one or more projections."""

    name: Slug = "words"
    """Its name; the map's id is <model>-<name>."""
    title: Text | None = None
    """Its title on the site; the model's title when left out."""
    description: Text | None = None
    """A sentence under the title."""
    space: Literal["input", "encoder-input", "contextual", "output"] = "input"
    """Which vectors: `input` is the embedding table, what `inputs_embeds` wants; `encoder-input` what enters the first layer, each
    token alone between the model's special tokens; `contextual` a layer's outputs; `output` the unembedding of a model that does
    not use the input table for it."""
    layer: Whole | None = None
    """Of a contextual space: 0 is what enters the first layer, -1 the last layer's output, and the default."""
    corpus: Corpus | None = None
    """Of a contextual space: texts over which it is averaged; each token alone when left out."""
    words: Annotated[str, Field(min_length=1)] | None = None
    """Of a contextual space: a file of words, one a line, to show in place of tokens; a word's pieces are averaged."""
    selection: Selection = Selection()
    """Which tokens; all when left out."""
    projections: Annotated[tuple[Method, ...], Field(min_length=1), AfterValidator(distinct)] = ("umap", "tsne", "pca")
    """The projections; the first is shown first, and clusters are found on it."""
    neighbors: Annotated[Whole, Field(ge=15, le=100)] = 15
    """Nearest neighbors kept for each token, by cosine."""
    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seed of everything random."""
    umap: Umap = Umap()
    """Options of UMAP."""
    tsne: Tsne = Tsne()
    """Options of t-SNE."""
    clusters: ClusterOptions = ClusterOptions()
    """Options of clustering."""

    @model_validator(mode="after")
    def _of_the_space(self) -> Map:
        for key in ("layer", "corpus", "words"):
            if getattr(self, key) is not None and self.space != "contextual":
                raise ValueError(f'{key}: only a contextual space has {"layers" if key == "layer" else key}; write space = "contextual"')
        return self

    def id(self, model: Model) -> str:
        """The map's id among all maps, `<model>-<name>`."""
        return f"{model.id}-{self.name}"


class Model(Part):
    """One checkpoint at one revision, and its maps."""

    id: Slug
    """Its name in ids and addresses."""
    source: Annotated[str, AfterValidator(_source)]
    """hub:org/name, path:folder (relative to atlas.toml) or package:module/folder (in an installed package)."""
    revision: Annotated[str, Field(min_length=1)] = "main"
    """Branch, tag or commit of a hub model; resolved once and kept in atlas.lock."""
    language: Annotated[str, AfterValidator(_language)] = "en"
    """Language of its vocabulary (BCP 47); `ja` turns on parts of speech and readings."""
    title: Text | None = None
    """Its name on the site; the id when left out."""
    description: Text | None = None
    """A sentence or two about it."""
    optional: Flag = False
    """Whether the site is built without it, with a warning, when it cannot be reached."""
    pitfall: Flag = True
    """Whether the `inputs_embeds` experiment is run on it, where the file has a table [pitfall]."""
    maps: Annotated[tuple[Map, ...], Field(min_length=1)] = (Map(),)
    """Its maps; one of the whole vocabulary when left out."""

    @model_validator(mode="after")
    def _versioned(self) -> Model:
        if self.revision != "main" and not self.source.startswith("hub:"):
            raise ValueError("revision: only hub models have revisions")
        return self


class Config(Part):
    """The whole of atlas.toml."""

    site: Site = Site()
    """The website as a whole."""
    models: Annotated[tuple[Model, ...], Field(min_length=1)]
    """The models to map."""
    landmarks: tuple[Landmark, ...] = ()
    """Lexicons pinned on the maps, each with its measured cohesion."""
    claims: tuple[Claim, ...] = ()
    """What somebody says of the spaces, measured on every map."""
    compare: tuple[Compare, ...] = ()
    """Pairs of maps to compare."""
    pitfall: Pitfall | None = None
    """The `inputs_embeds` experiment and its write-up; none when left out."""
    senses: tuple[Senses, ...] = ()
    """Sense maps: words of several senses in sentences."""

    _root: Path = PrivateAttr(default=Path())

    @property
    def root(self) -> Path:
        """The folder of atlas.toml, to which its paths are relative."""
        return self._root

    @property
    def digest(self) -> str:
        """sha256 of everything the file says, defaults included; comments and the order of keys do not change it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def find(start: Path | None = None) -> Path:
    """The atlas.toml of a folder given, else of the nearest folder upward, else of ./site.

    Raises UsageError when there is none.
    """
    if start is not None:
        found = start if start.is_file() else start / NAME
        if not found.is_file():
            raise UsageError(f"{start}: no {NAME} here", f"Make one with `atlas init {start}`.")
        return found
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / NAME).is_file():
            return folder / NAME
    if (here / "site" / NAME).is_file():
        return here / "site" / NAME
    raise UsageError(f"No {NAME} in this folder, above it, or in ./site", "Make one with `atlas init`.")


def load(path: Path) -> Config:
    """Read atlas.toml. Raises ConfigError with every problem in it."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as problem:
        raise ConfigError(f"{path}: not found", "Make one with `atlas init`.") from problem
    except (OSError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path}: cannot be read ({problem})", "It must be a UTF-8 text file.") from problem
    except tomllib.TOMLDecodeError as problem:
        hint = "See https://toml.io for the syntax."
        raise ConfigError(f"{path}: not valid TOML", hint, [problems.syntax(problem)]) from problem
    found: list[str] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as problem:
        found = problems.lines(problem, Config)
    found += problems.collisions(raw) + problems.references(raw)
    if found or config is None:
        raise ConfigError(f"{path}: {len(found)} problem{'' if len(found) == 1 else 's'}", "Nothing was written.", found)
    config._root = path.resolve().parent
    return config


def schema() -> dict[str, Any]:
    """JSON Schema of atlas.toml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}

"""The tables [[models]] and [[models.maps]] of atlas.toml."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from atlas.config.fields import Flag, Part, Slug, Text, Whole, distinct
from atlas.config.names import Names, Table
from atlas.config.names import tables as tables_of
from atlas.maps.projections import PROJECTIONS
from atlas.models.config import _language, _source
from atlas.spaces.config import Corpus, Selection

if TYPE_CHECKING:
    Method = str
else:
    Method = Literal[tuple(PROJECTIONS)]


# Why a table of vectors has no other space than its own.
NO_MODEL = 'a table of vectors has no model to run; write space = "input", or leave it out'
LONGEST = 100  # characters of a map's id: file names hold two, and have 255 bytes in all


class Umap(Part):
    """UMAP (McInnes, Healy & Melville 2018)."""

    min_dist: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The smallest distance of points on the map."""
    epochs: Annotated[Whole, Field(gt=0)] | None = None
    """Rounds of optimisation; chosen by the number of tokens when left out."""
    implementation: Literal["torch", "umap-learn"] = "torch"
    """`torch` is this project's own, vectorised, with nothing to compile; `umap-learn` is the
    reference."""


class Tsne(Part):
    """t-SNE (van der Maaten & Hinton 2008) as openTSNE does it."""

    iterations: Annotated[Whole, Field(ge=50)] | None = None
    """Rounds of optimisation after early exaggeration; 250 when left out."""


class ClusterOptions(Part):
    """Sizes of clusters (HDBSCAN's min_cluster_size), chosen by the number of tokens when left out,
    and their pages."""

    coarse: Annotated[Whole, Field(ge=2)] | None = None
    """The smallest coarse cluster."""
    fine: Annotated[Whole, Field(ge=2)] | None = None
    """The smallest fine cluster."""
    pages: Literal["coarse", "all", "none"] = "coarse"
    """Which clusters have a page of their own. Those without one are told on the page of the
    coarse cluster around them, or where that has none, on the page of all clusters."""


class Map(Part):
    """One space and one selection, drawn by one or more projections."""

    name: Slug = "words"
    """Its name; the map's id is <model>-<name>."""
    title: Text | None = None
    """Its title on the site; the model's title when left out."""
    description: Text | None = None
    """A sentence under the title."""
    space: Literal["input", "encoder-input", "contextual", "output"] = "input"
    """Which vectors: `input` is the embedding table, what `inputs_embeds` wants; `encoder-input`
    what enters the first layer, each token alone between the model's special tokens;
    `contextual` a layer's outputs; `output` the unembedding of a model that does not use the
    input table for it."""
    tensor: Annotated[str, Field(min_length=1)] | None = None
    """Of an input space: the name of the tensor in the weight files that is shown; the model's
    input table when left out. For models with tables for several kinds of input."""
    layer: Whole | None = None
    """Of a contextual space: 0 is what enters the first layer, -1 the last layer's output, and the
    default."""
    corpus: Corpus | None = None
    """Of a contextual space: texts over which it is averaged; each token alone when left out."""
    words: Annotated[str, Field(min_length=1)] | None = None
    """Of a contextual space: a file of words, one a line, to show in place of tokens; a word's
    pieces are averaged."""
    selection: Selection = Selection()
    """Which tokens; all when left out."""
    projections: Annotated[tuple[Method, ...], Field(min_length=1), AfterValidator(distinct)] = (
        tuple(PROJECTIONS)
    )
    """The projections."""
    first: Method | None = None
    """The projection that is shown first and that clusters are found on; the most faithful one,
    which keeps the most true neighbors, when left out."""
    neighbors: Annotated[Whole, Field(ge=15, le=100)] = 15
    """Nearest neighbors kept for each token, by cosine."""
    exact: Flag = False
    """Whether neighbors are exact however many tokens there are. Where tokens × tokens × dimensions
    are 5·10¹² or more they are else sought among candidates from fewer dimensions, and the share
    found is measured and told."""
    seed: Annotated[Whole, Field(ge=0)] = 0
    """Seed of everything random."""
    umap: Umap = Umap()
    """Options of UMAP."""
    tsne: Tsne = Tsne()
    """Options of t-SNE."""
    clusters: ClusterOptions = ClusterOptions()
    """Options of clustering."""

    @model_validator(mode="after")
    def _of_its_projections(self) -> Map:
        if self.first is not None and self.first not in self.projections:
            raise ValueError(f"first: {self.first} is none of its projections")
        return self

    @model_validator(mode="after")
    def _of_the_space(self) -> Map:
        if self.tensor is not None and self.space != "input":
            raise ValueError('tensor: only an input space is read so; write space = "input"')
        for key, things in (("layer", "layers"), ("corpus", "corpus"), ("words", "words")):
            if getattr(self, key) is not None and self.space != "contextual":
                raise ValueError(
                    f'{key}: only a contextual space has {things}; write space = "contextual"'
                )
        return self

    def id(self, model: Model) -> str:
        """The map's id among all maps, `<model>-<name>`."""
        return f"{model.id}-{self.name}"


class Model(Part):
    """One checkpoint at one revision, and its maps."""

    id: Slug
    """Its name in ids and addresses."""
    source: Annotated[str, AfterValidator(_source)]
    """hub:org/name, path:folder (relative to atlas.toml), package:module/folder (in an installed
    package), or vectors:path for a table of vectors without a model: word2vec, GloVe, fastText's
    .vec, .npy with a list of words, Parquet, a TensorBoard projector's files, GGUF, or static
    embeddings, as a file or the one of a folder."""
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

    @model_validator(mode="after")
    def _of_a_table(self) -> Model:
        for number, entry in enumerate(self.maps):
            if self.source.startswith("vectors:") and entry.space != "input":
                raise ValueError(f"maps[{number}].space: {NO_MODEL}")
        return self

    @classmethod
    def cross_check(cls, tables: Sequence[Table], names: Names) -> Iterator[str]:
        """Ids that two models or two maps have. For a model whose id is taken, faults of its maps
        are not reported, because their ids begin with it."""
        for table in tables:
            model = table.text("id")
            owner = names.take("model", model, table.place)
            if (table.text("source") or "").startswith("vectors:"):
                names.take("table of vectors", model, table.place)
            if owner:
                yield f"{table.place}.id: {model!r} is the id of {owner} already"
            maps = tables_of({"maps": [{}], **table.keys}, "maps", table.place)
            for place, keys in maps if model is not None else ():
                name = f"{model}-{keys.get('name', Map.model_fields['name'].default)}"
                if len(name) > LONGEST:
                    yield (
                        f"{place}.name: the map id {name[:20]}… has {len(name)} characters; "
                        f"file names have room for {LONGEST}"
                    )
                taken_by = names.take("map", name, place)
                if taken_by and not owner:
                    yield f"{place}.name: the map id {name!r} is taken by {taken_by}"

"""Which format a file is of, and which file of a folder is its table of vectors. What is found is
read by the modules of the formats."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from atlas.errors import ModelError
from atlas.models.tables import gguf, labels, npy, parquet, projector, text, word2vec
from atlas.models.tables.table import Format, fault

_KNOWN = (
    "Known are word2vec, GloVe, fastText's .vec, .npy, Parquet, a projector's .tsv, GGUF and "
    "static embeddings."
)
_TEXTS = (".txt", ".vec", ".w2v", ".glove", ".bin", ".vectors", ".tsv", ".csv", ".kv", ".model", "")
_PACKED = {"gunzip": ".gz", "unzip": ".zip", "bunzip2": ".bz2", "unxz": ".xz"}
_SIGNS = {b"\x1f\x8b": "gunzip", b"PK\x03": "unzip", b"BZh": "bunzip2", b"\xfd7z": "unxz"}
_FASTTEXT = (793712314).to_bytes(4, "little")  # what fastText's own binary begins with
_PICKLE = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_GENSIM = (
    "Save the vectors once more: gensim.models.KeyedVectors.load(FILE)"
    '.save_word2vec_format("vectors.txt"), for a whole model by its .wv.'
)


_WEIGHTS, _TOKENIZER = "model.safetensors", "tokenizer.json"
_MORE = ("config.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
_STATIC = ("embeddings", "embedding.weight")  # tables of model2vec, of sentence-transformers
_FILES: dict[str, Format] = {
    "gguf": gguf,
    "npy": npy,
    "parquet": parquet,
    "projector": projector,
    "text": text,
    "word2vec": word2vec,
}


class Place(NamedTuple):
    """A table: its format, a key of `formats.FORMATS`, and its main file."""

    format: str
    path: Path

    def files(self) -> tuple[Path, ...]:
        """All files that it is read from. Raises ModelError when one is missing."""
        if self.format in _FILES:
            return _FILES[self.format].files(self.path)
        tokenizer = self.path.with_name(_TOKENIZER)
        if not tokenizer.is_file():
            raise fault(
                self.path,
                f"has no {_TOKENIZER} beside it",
                "A table of static embeddings has its tokens there.",
            )
        more = (self.path.with_name(name) for name in _MORE)
        return self.path, tokenizer, *(path for path in more if path.is_file())

    @property
    def readers(self) -> tuple[str, ...]:
        """Distributions whose versions its values depend on."""
        return _FILES[self.format].READERS if self.format in _FILES else ()


def of_file(path: Path) -> Place:
    """The format of a file. Raises ModelError when it is none that is known."""
    name = path.suffix.lower()
    with path.open("rb") as file:
        begin = file.read(4)
    _refuse(path, begin)
    if begin == gguf.MAGIC:
        return Place("gguf", path)
    if name == ".safetensors":
        return Place("static", path)
    if name == ".npy":
        return Place("npy", path)
    if name == ".parquet" or begin == b"PAR1":
        return Place("parquet", path)
    if path.name in projector.NAMES or path.name.endswith("_tensors.tsv"):
        return Place("projector", path)
    if word2vec.looks(path):
        return Place("word2vec", path)
    if text.looks(path) or not begin:
        return Place("text", path)
    raise fault(path, "is no table of vectors of a format that is known", _KNOWN)


def of_folder(folder: Path) -> Place | None:
    """The table in a folder, None where there is none. Raises ModelError where there are several,
    or one that cannot be read."""
    found = _static(folder) or _projector(folder)
    if found:
        return found
    places = [place for path in sorted(folder.iterdir()) if (place := _candidate(path))]
    if len(places) > 1:
        names = ", ".join(place.path.name for place in places[:6])
        raise ModelError(
            f"{folder}: holds {len(places)} tables of vectors: {names}",
            f'Name one: source = "vectors:{folder.name}/{places[0].path.name}".',
        )
    if places:
        return places[0]
    for path in sorted(folder.iterdir()):  # what is a table, and cannot be read: says so
        ends = (*_TEXTS, *_PACKED.values(), ".npy", ".pkl")
        weights = path.name.startswith(("pytorch_model", "adapter_model", "training_args"))
        if path.is_file() and path.suffix.lower() in ends and not weights:
            with path.open("rb") as file:
                _refuse(path, file.read(4), of_folder=True)
            if path.suffix == ".npy" and npy.looks(path):
                npy.files(path)
    return None


def _candidate(path: Path) -> Place | None:
    """A file of a folder as a table, None if it is none: a list of words, a text, or of a kind that
    has nothing to do with vectors."""
    name = path.suffix.lower()
    if not path.is_file():
        return None
    if name == ".gguf":
        return Place("gguf", path) if gguf.looks(path) else None
    if name == ".npy":
        there = npy.looks(path) and labels.beside(path)
        return Place("npy", path) if there else None
    if name == ".parquet":
        return Place("parquet", path)
    if name in _TEXTS:
        if word2vec.looks(path):
            return Place("word2vec", path)
        return Place("text", path) if text.looks(path) else None
    return None


def _projector(folder: Path) -> Place | None:
    for name in projector.NAMES:
        if (folder / name).is_file():
            return Place("projector", folder / name)
    return None


def _static(folder: Path) -> Place | None:
    """Static embeddings, here or where modules.json of sentence-transformers says."""
    for place in (folder, *_modules(folder)):
        path = place / _WEIGHTS
        if path.is_file() and path.with_name(_TOKENIZER).is_file() and _one_table(path):
            return Place("static", path)
    return None


def _one_table(path: Path) -> bool:
    """Whether a safetensors file holds such a table, and next to nothing else."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > 1 << 16:
            return False
        try:
            header = json.loads(file.read(length))
        except (ValueError, RecursionError):
            return False
    names = set(header) - {"__metadata__"} if isinstance(header, dict) else set()
    return len(names) <= 3 and not names.isdisjoint(_STATIC)


def _modules(folder: Path) -> list[Path]:
    try:
        rows = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        places = [row["path"] for row in rows if str(row["type"]).endswith("StaticEmbedding")]
        inside = [(folder / str(place)).resolve() for place in places]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return [place for place in inside if place.is_relative_to(folder.resolve())]


def _refuse(path: Path, begin: bytes, of_folder: bool = False) -> None:
    """Raises ModelError for what holds vectors and is not read."""
    if begin == _FASTTEXT:
        raise fault(
            path,
            "is fastText's own binary model",
            "Take the .vec file that is published beside it, or write one from it.",
        )
    if begin[:2] in _PICKLE:
        raise fault(
            path,
            "is a pickle, as gensim writes it, which is never unpickled: it may run any code",
            _GENSIM,
        )
    for sign, command in _SIGNS.items():
        # A folder may hold other things that are packed: PyTorch's weights are zip files.
        if begin.startswith(sign) and (not of_folder or path.suffix == _PACKED[command]):
            raise fault(path, "is compressed", f"Unpack it first: {command} {path.name}.")

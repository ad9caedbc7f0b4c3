"""The formats by the names that recipes have for them."""

from __future__ import annotations

from atlas.models.tables import gguf, npy, parquet, projector, static, text, word2vec
from atlas.models.tables.table import Format

FORMATS: dict[str, Format] = {
    "gguf": gguf,
    "npy": npy,
    "parquet": parquet,
    "projector": projector,
    "static": static,
    "text": text,
    "word2vec": word2vec,
}

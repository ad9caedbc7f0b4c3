"""A tokenizer as a file that the browser's library reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from atlas.engine.stage import Work, stage
from atlas.findings.words.data import Portable
from atlas.models.tokenizer_asked import tokenizer
from atlas.models.tokenizer_backend import backend

LIMIT = 16_000_000  # bytes that a reader's browser is asked to fetch and parse at most

# What @huggingface/tokenizers was seen to read as the library of the same name in Python does:
# tests/findings/words/test_portable.py. It knows Precompiled too, but only by and large, and of
# Unigram's splits that are equally likely it takes another.
_NORMALIZERS = {
    "BertNormalizer",
    "Lowercase",
    "NFC",
    "NFD",
    "NFKC",
    "NFKD",
    "Prepend",
    "Replace",
    "Sequence",
    "Strip",
    "StripAccents",
}
_PRE_TOKENIZERS = {
    "BertPreTokenizer",
    "ByteLevel",
    "Digits",
    "Metaspace",
    "Sequence",
    "Split",
    "Whitespace",
    "WhitespaceSplit",
}
_MODELS = {"BPE", "WordPiece"}


@stage("portable", version=1, weight=0.3, libraries=("tokenizers", "transformers"))
def portable(*, work: Work = Work()) -> Portable:
    """The tokenizer as JSON; empty where the browser's library would not split texts as it does,
    as with MeCab, or where it is larger than LIMIT. Raises ModelError where the tokenizer cannot be
    made."""
    plain = backend(work.location)
    if plain is None:
        asked = tokenizer(work.location)
        if not asked.is_fast:
            return Portable("")
        plain = asked.backend_tokenizer
    found = json.loads(plain.to_str()) | {"truncation": None, "padding": None}
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return Portable(text if readable(found) and len(text.encode()) <= LIMIT else "")


def readable(found: Mapping[str, Any]) -> bool:
    """Whether the browser's library reads a tokenizer.json in every part."""
    parts = list(_parts(found["pre_tokenizer"], "pretokenizers"))
    return (
        {part["type"] for part in _parts(found["normalizer"], "normalizers")} <= _NORMALIZERS
        and {part["type"] for part in parts} <= _PRE_TOKENIZERS
        and all(
            part["behavior"] in ("Isolated", "Removed") and not part["invert"]
            for part in parts
            if part["type"] == "Split"
        )
        and found["model"]["type"] in _MODELS
        and not found["model"].get("dropout")
        and not any(token["single_word"] for token in found["added_tokens"])
    )


def _parts(step: Mapping[str, Any] | None, inner: str) -> Iterator[Mapping[str, Any]]:
    """A step of a tokenizer and those in it."""
    if step is None:
        return
    yield step
    for part in step.get(inner, ()):
        yield from _parts(part, inner)

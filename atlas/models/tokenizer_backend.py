"""A checkpoint's tokenizer.json as the library `tokenizers` reads it, where transformers would make
nothing else of it: importing that takes longer than all that is asked of the tokenizer."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from atlas.models import checkpoint as checkpoints
from atlas.models import tokenizer_special
from atlas.models.checkpoint import read_json
from atlas.models.tokenizer_classes import KIN

Backend = Any  # the Tokenizer of `tokenizers`, which has no types

# Classes whose fast kind is BertTokenizerFast but for its name.
BERTS = ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer")

# What a configuration may say that changes more than is compared here.
_MORE = {"auto_map", "from_slow", "split_special_tokens", "tokenizer_file"}


def backend(location: str) -> Backend | None:
    """The `backend_tokenizer` of what `tokenizer_asked.tokenizer` makes, without truncation and
    padding; None where that has to be asked. Raises ModelError."""
    config = read_json(location, "tokenizer_config.json") or {}
    name = str(config.get("tokenizer_class") or "").removesuffix("Fast")
    if name not in BERTS or config.keys() & _MORE or not version("transformers").startswith("4."):
        return None
    path = checkpoints.fetch(location, "tokenizer.json")
    if path is None:
        return None
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from tokenizers import Tokenizer

    try:
        made = Tokenizer.from_file(str(path))
        found = json.loads(made.to_str())
        same = (
            _normalized(found, config)
            and _added(found, config, location, name)
            and found["model"]["unk_token"] == tokenizer_special.unknown(location, KIN[name])
        )
    except Exception:  # noqa: BLE001  # `tokenizers` raises it bare; who is asked then tells it
        return None
    if not same:
        return None
    made.no_truncation()
    made.no_padding()
    return made


def _normalized(found: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    """Whether BertTokenizerFast leaves what a file does to texts as it is."""
    wanted = {
        "type": "BertNormalizer",
        "lowercase": config.get("do_lower_case", True),
        "strip_accents": config.get("strip_accents"),
        "handle_chinese_chars": config.get("tokenize_chinese_chars", True),
    }
    return bool(
        wanted.items() <= found["normalizer"].items()
        and found["pre_tokenizer"] == {"type": "BertPreTokenizer"}
    )


def _added(found: Mapping[str, Any], config: Mapping[str, Any], location: str, name: str) -> bool:
    """Whether the added tokens of a file are all that there are, and as they are told beside it."""
    inside = {entry["content"]: entry for entry in found["added_tokens"]}
    special = tokenizer_special.special(location, KIN[name])
    if not all(token in inside and inside[token]["special"] for token in special):
        return False
    decoder = config.get("added_tokens_decoder")
    if decoder is None:
        # Of tokens told with flags, transformers has those that the file does not.
        beside = (config, read_json(location, "special_tokens_map.json") or {})
        told = [value for one in beside for key, value in one.items() if key.endswith("_token")]
        return not tokenizer_special.added(location) and not any(
            isinstance(value, Mapping) for value in told
        )
    return all(
        inside.get(entry["content"]) == {"id": int(row), **entry} for row, entry in decoder.items()
    )

"""What a checkpoint's own files say of it."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatch
from pathlib import Path

from atlas.config.characters import numbered
from atlas.engine.stage import Work, stage
from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import READ_JSON, read_json
from atlas.spaces.records import Card

_LICENCE = re.compile("licen[cs]e", re.IGNORECASE)


@stage("describe", version=4, weight=0.1, uses=(READ_JSON,))
def describe(*, language: str, work: Work = Work()) -> Card:
    """Facts from config.json, tokenizer_config.json and the front matter of README.md. Raises
    ModelError without a config."""
    location = work.location
    config = read_json(location, "config.json")
    if config is None:
        raise ModelError(
            f"{location}: has no config.json",
            "Point `source` at a checkpoint in the Hugging Face layout.",
        )
    inner = config["text_config"] if isinstance(config.get("text_config"), dict) else config
    tokenizer = read_json(location, "tokenizer_config.json") or {}
    readme = _readme(location)
    named = config.get("architectures")
    architectures = named if isinstance(named, list) and named else [None]

    def first(*names: str) -> object:
        return next((inner[name] for name in names if inner.get(name) is not None), None)

    return Card(
        {
            "architecture": architectures[0],
            "model_type": config.get("model_type"),
            "hidden_size": first("hidden_size", "n_embd", "d_model", "dim"),
            "layers": first("num_hidden_layers", "n_layer", "num_layers", "n_layers"),
            "heads": first("num_attention_heads", "n_head", "num_heads", "n_heads"),
            "vocab_size": first("vocab_size"),
            "positions": first("max_position_embeddings", "n_positions"),
            "tied": first("tie_word_embeddings"),
            "dtype": first("dtype", "torch_dtype"),
            "tokenizer": tokenizer.get("tokenizer_class"),
            "lowercase": tokenizer.get("do_lower_case"),
            "name": _fit(_name(readme)),
            "license": _fit(_license(readme)),
            "language": language,
            "bytes": _weights(location),
        }
    )


def _fit(text: str | None) -> str | None:
    return None if text is None else numbered(text)


def _readme(location: str) -> str:
    path = checkpoints.fetch(location, "README.md")
    return path.read_text(encoding="utf-8", errors="replace") if path else ""


def front_matter(path: Path) -> tuple[str | None, str | None]:
    """The name and the licence that a README.md gives, None where it does not, or is not there."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None, None
    return _name(text), _license(text)


def _front(text: str) -> str:
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    return head[1] if head else ""


def _license(text: str) -> str | None:
    # One value, a list in brackets, or a list of lines that begin with a dash.
    if match := re.search(r"^license:[ \t]*(.*)((?:\n[ \t]*- .*)*)", _front(text), re.MULTILINE):
        values = [
            *match[1].split(" #")[0].strip("[] ").split(","),
            *re.findall(r"\n[ \t]*- (.*)", match[2]),
        ]
        return ", ".join(value.strip(" \t\"'") for value in values if value.strip()) or None
    for line in text.splitlines():  # a row of a table; no expression, whose time would grow faster
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > 3 and not cells[0] and _LICENCE.match(cells[1]) and cells[2]:
            return cells[2]
    return None


def _name(text: str) -> str | None:
    """The front matter's `model_name`, or the first heading if it leads the text."""
    if match := re.search(r"^(?:model_name|pretty_name):[ \t]*(\S.*)", _front(text), re.MULTILINE):
        return match[1].strip(" \t\"'") or None
    body = text[text.index("\n---", 3) + 4 :] if _front(text) else text
    heading = re.match(r"\s*#[ \t]+(\S.*)", body)
    return heading[1].strip(" #\t`*") or None if heading else None


def _weights(location: str) -> int | None:
    """Bytes of the weights; None without any, and offline for a model of the hub: its files are
    listed there."""
    try:
        sizes = checkpoints.sizes(location)
    except ModelError:
        if os.environ.get("HF_HUB_OFFLINE") != "1":
            raise
        return None
    for pattern in ("*.safetensors", "pytorch_model*.bin"):
        if parts := [size for name, size in sizes.items() if fnmatch(name, pattern)]:
            return sum(parts)
    return None

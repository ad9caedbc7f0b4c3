"""What a checkpoint's own files say of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from atlas import checkpoints
from atlas.data import Card
from atlas.errors import ModelError

VERSION = 2


def describe(*, location: str, language: str) -> Card:
    """Facts from config.json, tokenizer_config.json and the front matter of README.md. Raises ModelError without a config."""
    config = read_json(location, "config.json")
    if config is None:
        raise ModelError(f"{location}: has no config.json", "Point `source` at a checkpoint in the Hugging Face layout.")
    inner = config.get("text_config") or config
    tokenizer = read_json(location, "tokenizer_config.json") or {}
    architectures = config.get("architectures") or [None]

    def first(*names: str) -> Any:
        return next((inner[name] for name in names if inner.get(name) is not None), None)

    return Card({
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
        "license": _license(location),
        "language": language,
        "bytes": _weights(location),
    })  # fmt: skip


def read_json(location: str, name: str) -> dict[str, Any] | None:
    """A JSON file of a checkpoint, None when it has none. Raises ModelError when it is not JSON."""
    path = checkpoints.fetch(location, name)
    if path is None:
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ModelError(f"{path}: not readable JSON ({problem})", "Is the download complete?") from problem
    if not isinstance(found, dict):
        raise ModelError(f"{path}: holds no JSON object", "Is this a checkpoint in the Hugging Face layout?")
    return found


def _license(location: str) -> str | None:
    path = checkpoints.fetch(location, "README.md")
    text = path.read_text(encoding="utf-8", errors="replace") if path else ""
    head = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
    # One value, a list in brackets, or a list of lines that begin with a dash.
    if head and (found := re.search(r"^license:[ \t]*(.*)((?:\n[ \t]*- .*)*)", head[1], re.MULTILINE)):
        values = [*found[1].split(" #")[0].strip("[] ").split(","), *re.findall(r"\n[ \t]*- (.*)", found[2])]
        return ", ".join(value.strip(" \t\"'") for value in values if value.strip()) or None
    row = re.search(r"^\|\s*licen[cs]e[^|]*\|\s*([^|]+?)\s*\|", text, re.MULTILINE | re.IGNORECASE)
    return row[1] if row else None


def _weights(location: str) -> int | None:
    if not location.startswith("path:"):
        return None
    folder = Path(location.removeprefix("path:"))
    files = [*folder.glob("*.safetensors")] or [*folder.glob("pytorch_model*.bin")]
    return sum(file.stat().st_size for file in files) or None

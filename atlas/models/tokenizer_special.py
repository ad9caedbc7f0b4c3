"""Tokens that a checkpoint's files give beside its vocabulary: added ones, and special ones by
role."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from atlas.models.checkpoint import read_json
from atlas.models.tokenizer_classes import ROLES, Kin


def added(location: str) -> dict[int, tuple[str, bool]]:
    """Tokens with ids of their own, and whether they are special, as transformers takes them:
    added_tokens.json counts where tokenizer_config.json has no `added_tokens_decoder`. Raises
    ModelError, and what Python raises for values of the wrong type."""
    decoder = (read_json(location, "tokenizer_config.json") or {}).get("added_tokens_decoder")
    if decoder is not None:
        return {
            int(row): (str(entry["content"]), bool(entry.get("special")))
            for row, entry in decoder.items()
        }
    found = read_json(location, "added_tokens.json") or {}
    return {int(row): (str(token), False) for token, row in found.items()}


def special(location: str, kin: Kin, padding: str | None = None) -> list[str]:
    """The special tokens of a tokenizer in the order in which transformers adds those that it
    lacks. A role whose token is null has none. `padding` is the token that tokenizer.json pads
    with. Raises as `added` does."""
    config, stated = read_json(location, "tokenizer_config.json") or {}, _stated(location)
    defaults = ({"pad": padding} if padding else {}) | dict(kin.special)
    found = [_content(stated.get(f"{role}_token", defaults.get(role))) for role in ROLES]
    more = [_content(entry) for entry in stated.get("additional_special_tokens") or []]
    found += more
    if kin.sentinels and not any("<extra_id_" in token for token in more):
        found += [f"<extra_id_{row}>" for row in range(int(config.get("extra_ids", kin.sentinels)))]
    extra = config.get("extra_special_tokens") or {}
    found += [_content(entry) for entry in (extra.values() if isinstance(extra, dict) else extra)]
    return list(dict.fromkeys(token for token in found if token))


def _stated(location: str) -> dict[str, Any]:
    """tokenizer_config.json; what special_tokens_map.json says counts before it where it has no
    `added_tokens_decoder`."""
    config = read_json(location, "tokenizer_config.json") or {}
    if config.get("added_tokens_decoder") is not None:
        return dict(config)
    legacy = read_json(location, "special_tokens_map.json") or {}
    more = [
        *(config.get("additional_special_tokens") or []),
        *(legacy.get("additional_special_tokens") or []),
    ]
    return {**config, **legacy, "additional_special_tokens": more or None}


def unknown(location: str, kin: Kin) -> str:
    """The token for what a tokenizer does not know; "" where it has none. Raises as `added`
    does."""
    stated = _stated(location)
    return _content(stated.get("unk_token", kin.special.get("unk")))


def _content(entry: object) -> str:
    if isinstance(entry, Mapping):
        entry = entry.get("content")
    return "" if entry is None else str(entry)

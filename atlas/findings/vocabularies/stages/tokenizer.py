"""A model's tokenizer, asked for the tokens of words and texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from atlas.engine.stage import helper
from atlas.errors import ModelError
from atlas.models import tokenizer_asked
from atlas.models.tokenizer_asked import Tokenizer
from atlas.models.tokenizer_backend import Backend, backend

ASKED = helper("asked", version=2)

LIBRARIES = ("tokenizers", "transformers")
_PART = 4096  # texts at a time
_PROBLEMS = (
    *(AttributeError, IndexError, KeyError, OSError, OverflowError, RuntimeError),
    *(TypeError, ValueError),
)


@dataclass(frozen=True)
class Reader:
    """A tokenizer. `read` gives the token ids of each of some texts, without special tokens;
    `unknown` is the id of what it does not know, None where it has none."""

    read: Callable[[list[str]], list[list[int]]]
    unknown: int | None

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens. Raises ModelError when the tokenizer
        does not read them."""
        found: list[list[int]] = []
        try:
            for begin in range(0, len(texts), _PART):
                found += self.read(list(texts[begin : begin + _PART]))
        except _PROBLEMS as problem:
            reason = (str(problem).strip() or type(problem).__name__).splitlines()[0]
            raise ModelError(f"the tokenizer does not read texts: {reason}") from problem
        return found


def reader(location: str) -> Reader:
    """The tokenizer of a checkpoint, or of a table of vectors beside which there is one. Raises
    ModelError when there is none, or it cannot be made."""
    if location.startswith("vectors:"):
        made = _beside(Path(location.removeprefix("vectors:")))
    elif (plain := backend(location)) is not None:
        return Reader(partial(_plainly, plain), _unknown_of(plain))
    else:
        made = tokenizer_asked.tokenizer(location)
    unknown = made.unk_token_id
    return Reader(partial(_asked, made), _unknown(made) if unknown is None else int(unknown))


def _plainly(plain: Backend, texts: list[str]) -> list[list[int]]:
    return [one.ids for one in plain.encode_batch_fast(texts, add_special_tokens=False)]


def _asked(made: Tokenizer, texts: list[str]) -> list[list[int]]:
    read = made(texts, add_special_tokens=False, truncation=False, verbose=False)
    return [list(map(int, ids)) for ids in read["input_ids"]]


def _unknown(made: Tokenizer) -> int | None:
    """The id of the unknown token of a tokenizer whose own files alone name it."""
    inner = getattr(made, "backend_tokenizer", None)
    return None if inner is None else _unknown_of(inner)


def _unknown_of(inner: Backend) -> int | None:
    model = json.loads(inner.to_str())["model"]
    found = model.get("unk_id")  # of Unigram; of the others it is a token
    if found is None and model.get("unk_token") is not None:
        found = inner.token_to_id(model["unk_token"])
    return None if found is None else int(found)


def _beside(path: Path) -> Tokenizer:
    file = path.with_name("tokenizer.json")
    if path.suffix != ".safetensors" or not file.is_file():
        raise ModelError("a table of vectors has no tokenizer")
    from transformers import PreTrainedTokenizerFast

    kind: Tokenizer = PreTrainedTokenizerFast
    try:
        return kind(tokenizer_file=str(file))
    except Exception as problem:  # `tokenizers` raises it bare
        raise ModelError(f"{file.name}: not a tokenizer ({problem})") from problem

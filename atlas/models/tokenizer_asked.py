"""Tokenizers as transformers makes them, and why it cannot: which package, which file."""

from __future__ import annotations

import contextlib
import os
import re
from typing import Any

from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import read_json
from atlas.models.vocabulary_files import PIECES

# Of transformers, whose classes have no types that hold for every family.
Tokenizer = Any

# Packages that tokenizers need, as transformers names them, and how to install them.
_PACKAGES = {
    "unidic_lite": "pip install unidic-lite",
    "ipadic": "pip install ipadic",
    "unidic": "pip install unidic && python -m unidic download",
    "fugashi": "pip install 'fugashi[unidic-lite]'",
    "sudachipy": "pip install sudachipy sudachidict_core",
    "sudachidict_core": "pip install sudachidict_core",
    "sudachidict_small": "pip install sudachidict_small",
    "sudachidict_full": "pip install sudachidict_full",
    "rhoknp": "pip install rhoknp (and install the program Juman++)",
    "sentencepiece": "pip install sentencepiece",
    "protobuf": "pip install protobuf",
    "tiktoken": "pip install tiktoken",
    "sacremoses": "pip install sacremoses",
    "rjieba": "pip install rjieba",
    "jieba": "pip install jieba",
    "phonemizer": "pip install phonemizer",
    "pythainlp": "pip install pythainlp",
    "pyvi": "pip install pyvi",
    "uroman": "pip install uroman",
    "mistral_common": "pip install mistral-common",
}

_PROBLEMS = (
    OSError,
    ValueError,
    ImportError,
    RuntimeError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    NotImplementedError,
)


class Lacking(ModelError):
    """A package that a tokenizer needs is not installed."""


def tokenizer(location: str, *, fast: bool = True) -> Tokenizer:
    """A checkpoint's tokenizer as transformers makes it, which never runs a model's own code.
    Raises ModelError naming the package or the file that is lacking."""
    name, revision = checkpoints.pretrained(location)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    from transformers import logging

    logging.set_verbosity_error()  # what matters of what it says is told here
    if fast and (kind := _fast_class(location)):
        with contextlib.suppress(Exception):  # what is wrong is found and told below
            return kind.from_pretrained(name, revision=revision)
    from transformers import AutoTokenizer

    try:
        made = AutoTokenizer.from_pretrained(
            name, revision=revision, use_fast=fast, trust_remote_code=False
        )
    except Exception as problem:  # also what `tokenizers` raises, which is a bare Exception
        made, hidden = _by_type(location)
        if not made:
            raise _explained(location, hidden or problem) from problem
    if not made:  # what the class raised is kept back
        made, hidden = _by_type(location)
        if not made:
            raise _explained(location, hidden or RuntimeError("it gives no reason"))
    return made


def _fast_class(location: str) -> Tokenizer | None:
    """The fast class that tokenizer_config.json names, which AutoTokenizer takes first; importing
    that brings how models generate, scikit-learn and torch's compiler, and takes as long again as
    all else. None where it looks further, as it does from transformers 5 on."""
    import transformers

    told = read_json(location, "tokenizer_config.json") or {}
    name = str(told.get("tokenizer_class") or "").removesuffix("Fast")
    if not name or "auto_map" in told or not transformers.__version__.startswith("4."):
        return None
    kind = getattr(transformers, f"{name}Fast", None)
    fast = transformers.PreTrainedTokenizerFast
    return kind if isinstance(kind, type) and issubclass(kind, fast) else None


def rows(location: str, *, fast: bool) -> tuple[dict[int, str], set[int], set[int]]:
    """The token of every row that has one, by `convert_ids_to_tokens`, and the ids of special and
    of added tokens. Raises as `tokenizer` does."""
    try:
        found = tokenizer(location, fast=fast)
    except ModelError:
        found = _plain(location) if fast else None
        if found is None:
            raise
    try:
        special = {row for row in found.all_special_ids if isinstance(row, int)}
        added = {int(row) for row in found.get_added_vocab().values()}
        ids = [row for row in found.get_vocab().values() if isinstance(row, int)]
        size = max(len(found), max(ids, default=-1) + 1, max(added, default=-1) + 1)
        tokens = {row: _token(found, row) for row in range(size)}
    except _PROBLEMS as problem:
        raise _explained(location, problem) from problem
    # A row without a token reads as the unknown one.
    unknown, place = found.unk_token, found.unk_token_id
    return (
        {
            row: token
            for row, token in tokens.items()
            if token is not None and (token != unknown or row == place or row in added)
        },
        special,
        added,
    )


def _token(found: Tokenizer, row: int) -> str | None:
    try:
        token = found.convert_ids_to_tokens(row)
    except (IndexError, KeyError, ValueError, OverflowError):  # no such row
        return None
    if isinstance(token, bytes):
        token = token.decode("utf-8", "replace")
    return token if isinstance(token, str) else None


def _plain(location: str) -> Tokenizer | None:
    """A tokenizer of no class but tokenizer.json's, as transformers makes it where it does not have
    the class that the checkpoint names; None where it cannot."""
    name, revision = checkpoints.pretrained(location)
    from transformers import PreTrainedTokenizerFast

    kind: Any = PreTrainedTokenizerFast
    try:
        return kind.from_pretrained(name, revision=revision)
    except Exception:  # noqa: BLE001  # `tokenizers` raises it bare
        return None


def _by_type(location: str) -> tuple[Tokenizer | None, Exception | None]:
    """What the slow class of a checkpoint's tokenizer makes, where its name is not stated: of some
    model types AutoTokenizer takes the class of another type with the same configuration. Or what
    it raises: from_pretrained keeps back a RuntimeError and returns False, and AutoTokenizer goes
    on to other formats."""
    kind = _slow_class(location)
    if kind is None:
        return None, None
    raised: list[Exception] = []

    def made(self: Tokenizer, *inputs: object, **how: object) -> None:
        try:
            kind.__init__(self, *inputs, **how)
        except Exception as problem:
            raised.append(problem)
            raise

    name, revision = checkpoints.pretrained(location)
    told: Any = type(kind.__name__, (kind,), {"__init__": made, "__module__": kind.__module__})
    try:
        found = told.from_pretrained(name, revision=revision)
    except Exception as problem:  # noqa: BLE001  # `tokenizers` raises it bare
        return None, raised[0] if raised else problem
    return (None if _stated(location) else found or None), raised[0] if raised else None


def _stated(location: str) -> str:
    """The class that a checkpoint's files name, "" where they name none."""
    stated = (read_json(location, "tokenizer_config.json") or {}).get("tokenizer_class")
    return str(stated or (read_json(location, "config.json") or {}).get("tokenizer_class") or "")


def _class_name(location: str) -> str:
    """The class of a checkpoint's tokenizer as its files or, by its model type, transformers say;
    "" where neither does."""
    if stated := _stated(location):
        return stated
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES

    known: dict[Any, Any] = dict(TOKENIZER_MAPPING_NAMES)
    kind = (read_json(location, "config.json") or {}).get("model_type")
    return str(next(filter(None, known.get(kind, ())), ""))


def _slow_class(location: str) -> Tokenizer | None:
    from transformers import PreTrainedTokenizer
    from transformers.models.auto.tokenization_auto import tokenizer_class_from_name

    name = _class_name(location).removesuffix("Fast")
    kind = tokenizer_class_from_name(name) if name else None
    return kind if isinstance(kind, type) and issubclass(kind, PreTrainedTokenizer) else None


def _explained(location: str, problem: BaseException) -> ModelError:
    """What to tell of what transformers raised."""
    name, _ = checkpoints.pretrained(location)
    reason = str(problem).strip()
    kind = _class_name(location) or "a tokenizer"
    if "unidic dictionary itself is not found" in reason:
        return ModelError(
            f"{name}: its {kind} needs UniDic, whose package `unidic` is installed without its "
            "dictionary",
            "Download it: python -m unidic download",
        )
    if "MeCab" in reason and not isinstance(problem, ImportError):
        told = next((line for line in reason.splitlines() if "error" in line.lower()), "")
        return ModelError(
            f"{name}: MeCab does not start for its {kind} ({told or reason.splitlines()[0]})",
            "Mend `mecab_kwargs` (mecab_dic, mecab_option) in tokenizer_config.json, or "
            "pip install 'fugashi[unidic-lite]' unidic-lite ipadic.",
        )
    if package := _package(reason):
        return Lacking(
            f"{name}: its {kind} needs the package {package}, which is not installed",
            f"Install it: {_PACKAGES[package]}",
        )
    if damaged := _damaged(location):
        return ModelError(f"{damaged}: not a SentencePiece model", "Is the download complete?")
    missing = isinstance(problem, OSError) or "NoneType" in reason or "Can't find" in reason
    if missing and (lacking := _lacking(location)):
        return ModelError(
            f"{name}: its {kind} needs {' and '.join(lacking)}, and there is no such file",
            "Is the download complete? Or save the tokenizer as tokenizer.json.",
        )
    first = (reason or type(problem).__name__).splitlines()[0]
    return ModelError(
        f"{name}: transformers cannot make its {kind}: {first}",
        "Its tokenizer must be of a class of transformers' own, or saved as tokenizer.json; a "
        "model's own code is never run. Are all its files there?",
    )


def _lacking(location: str) -> list[str]:
    """Files that the slow class of a checkpoint's tokenizer reads and that are not there."""
    kind = _slow_class(location)
    names = [] if kind is None else [str(name) for name in kind.vocab_files_names.values()]
    names = [name for name in names if name not in ("tokenizer.json", "tokenizer_config.json")]
    try:
        there = checkpoints.sizes(location)
    except ModelError:
        return []
    return [name for name in names if name not in there]


def _package(reason: str) -> str | None:
    """The package that transformers misses, None where it misses none."""
    if not re.search(r"No module named|not installed|not found|need to install|install", reason):
        return None
    words = set(re.findall(r"[A-Za-z][\w]*", reason.lower()))
    if "sentencepiece_processor" in words or "parsefromarray" in words:
        return None
    return next((name for name in _PACKAGES if name in words), None)


def _damaged(location: str) -> str | None:
    """The SentencePiece model of a checkpoint that cannot be read, None where all can."""
    from sentencepiece import SentencePieceProcessor

    try:
        names = sorted(name for name in checkpoints.sizes(location) if name.endswith(PIECES))
        for name in names:
            path = checkpoints.fetch(location, name)
            try:
                SentencePieceProcessor(model_file=str(path))
            except (RuntimeError, OSError, ValueError, TypeError):
                return str(path or name)
    except ModelError:  # the hub is not reached: what is known is told without it
        pass
    return None

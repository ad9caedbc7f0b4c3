"""A tokenizer's tokens, as a person reads them: text, kind and script.

WordPiece keeps `##` before a continuation. Byte-level BPE and SentencePiece mark the start of a
word with `Ġ` and `▁`, which read as `␣`; a token without the mark is a continuation. Where BPE
marks the end of a word instead (`</w>`), that reads as `␣`, and a token without it is a
continuation, like one that ends in `@@`. Bytes that are not text on their own read as `<0xE3>`,
characters that cannot be seen, and these signs where they are a token's own, as `<U+3000>`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial

from atlas.engine.stage import Work, stage
from atlas.models.checkpoint import READ_JSON
from atlas.models.tensors import TENSORS, table_rows
from atlas.models.tokenizer_files import load, marked
from atlas.spaces.readable import (
    READERS,
    script,
    told_apart,
    unmarked,
    visible,
    whole_token,
    with_ends,
)
from atlas.spaces.records import Vocabulary

_UNUSED = (
    r"\[unused\d+\]|<unused\d+>|▁?<extra_id_\d+>|madeupword\d+"
    r"|<\|?reserved_\w+\|?>|<0x[0-9A-F]{2}>_unused|<row \d+>"
)


@stage("vocabulary", version=6, weight=1, uses=(READ_JSON, TENSORS))
def vocabulary(*, tensor: str | None = None, work: Work = Work()) -> Vocabulary:
    """The tokens of a checkpoint's tokenizer in id order, one for each row of its embedding table,
    or of the tensor of a name.

    Rows beyond the tokenizer, which some models have as padding, and holes in its ids become `<row
    N>` of kind unused; tokens beyond the table are left out, as they have no vector. Raises
    ModelError when there is no tokenizer that can be read.
    """
    found = load(work.location)
    rows = table_rows(work.location, tensor) or (max(found.rows, default=-1) + 1)
    names = tuple(found.rows.get(row, f"<row {row}>") for row in range(rows))
    return readable(names, found.family, found.special, found.added)


def readable(
    names: Sequence[str], family: str, special: Collection[int], added: Collection[int]
) -> Vocabulary:
    """Tokens in id order as a person reads them, of a tokenizer's family; ids of special tokens,
    and of those added to the vocabulary as they are written."""
    import regex

    read = READERS[family]
    if family.endswith("bpe") and marked(names, "</w>"):
        read = partial(with_ends, read=read)
    unused = regex.compile(_UNUSED)
    texts, kinds, scripts = [], [], []
    for row, token in enumerate(names):
        if unused.fullmatch(token):
            text, kind = token, "unused"
        elif row in special:
            text, kind = visible(unmarked(token)), "special"
        elif row in added and family != "wordpiece":
            # Kept as it is written: not in the tokenizer's own signs.
            text, kind = visible(unmarked(token).replace(" ", "␣").replace("▁", "␣")), "word"
        else:
            text, kind = read(token)
        texts.append(text)
        kinds.append(kind)
        scripts.append(script(text) if kind in ("word", "continuation") else "")
    return Vocabulary(
        tuple(whole_token(token) for token in names),
        told_apart(names, texts),
        tuple(kinds),
        tuple(scripts),
        family,
    )

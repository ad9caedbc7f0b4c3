"""Which files a vocabulary is read from, and by which libraries."""

from __future__ import annotations

from collections.abc import Collection

# Files that may hold the vocabulary, the most complete first.
TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "spm.model",
)
CODES = "bpe.codes"  # beside a vocab.txt as fairseq writes it


def libraries(files: Collection[str]) -> tuple[str, ...]:
    """Distributions whose versions a vocabulary depends on, by the names of a checkpoint's files.

    tokenizer.json, vocab.json and most vocab.txt are read here, as JSON and text, whatever is
    installed. SentencePiece models are read by `sentencepiece` and, where ids are not the model's,
    by transformers; which of the two is not told by a name, so both count. A vocab.txt as fairseq
    writes it, which has its codes beside it, is read by transformers.
    """
    name = next((name for name in TOKENIZERS if name in files), "")
    if name.endswith(".model"):
        return ("sentencepiece", "transformers")
    return ("transformers",) if name == "vocab.txt" and CODES in files else ()

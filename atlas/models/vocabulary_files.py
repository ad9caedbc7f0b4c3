"""Which files a vocabulary is read from."""

from __future__ import annotations

# Files that may hold the vocabulary where nothing names a class, the most complete first.
TOKENIZERS = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
    "spm.model",
    "spm_char.model",
)
CODES = "bpe.codes"  # beside a vocab.txt as fairseq writes it
PIECES = (".model", ".spm")  # ends of the names of SentencePiece's files

"""How long a model's table takes: rows against tokens, what looks untrained, and the shape, from a
checkpoint's files on; without the start of Python and the imports.

    python benchmarks/tables.py [--rows 32000] [--width 768]

Makes a BERT of random numbers with a WordPiece tokenizer of as many tokens. Prints seconds by the
clock and of the processor for each stage, and the peak of memory over the matrix in float32.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from atlas.engine.stage import Work
from atlas.findings.tables.stages.rows import rows
from atlas.findings.tables.stages.shape import shape
from atlas.spaces.stages.suspect import suspect
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary

T = TypeVar("T")


def checkpoint(folder: Path, count: int, width: int) -> str:
    """A BERT's table and tokenizer: 994 unused tokens, words, and a fifth of continuations."""
    from safetensors.numpy import save_file
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    letters = "abcdefghijklmnopqrstuvwxyz"
    random = np.random.default_rng(0)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters]
    tokens += [f"##{letter}" for letter in letters] + [f"[unused{n}]" for n in range(994)]
    seen = dict.fromkeys(tokens)
    while len(seen) < count:
        word = "".join(random.choice(list(letters), int(random.integers(2, 9))))
        seen.setdefault(f"##{word}" if len(seen) % 5 == 0 else word)
    known = {token: row for row, token in enumerate(seen)}
    made = Tokenizer(models.WordPiece(vocab=known, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.add_special_tokens(tokens[:5])
    folder.mkdir(parents=True, exist_ok=True)
    made.save(str(folder / "tokenizer.json"))
    table = random.standard_normal((count, width), np.float32) + np.float32(0.2)
    table[57 : 57 + 994] *= np.float32(0.3)
    save_file({"embeddings.word_embeddings.weight": table}, folder / "model.safetensors")
    config = {"model_type": "bert", "architectures": ["BertModel"], "vocab_size": count}
    (folder / "config.json").write_text(json.dumps(config))
    named = {"tokenizer_class": "BertTokenizerFast", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(named))
    return f"path:{folder}"


def timed(name: str, work: Callable[[], T]) -> T:
    """Run it, and print how long it took."""
    begin, used = time.perf_counter(), time.process_time()
    result = work()
    took, cpu = time.perf_counter() - begin, time.process_time() - used
    print(f"{name:<12} {took:6.2f} s  {cpu:6.2f} s of the processor")
    return result


def main() -> None:
    """Make the checkpoint, warm the imports on a small one, and time each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=32_000)
    parser.add_argument("--width", type=int, default=768)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        small = Work(checkpoint(Path(folder) / "small", 1200, 16))
        whole(small)
        work = Work(checkpoint(Path(folder) / "large", asked.rows, asked.width), threads=2)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        timed("all", lambda: whole(work, told=True))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = asked.rows * asked.width * 4 / 1024
        print(f"peak {after / size:.2f} times the matrix in float32, {before / size:.2f} before")


def whole(work: Work, told: bool = False) -> None:
    """All of a table's stages."""

    def run(name: str, stage: Callable[[], T]) -> T:
        return timed(name, stage) if told else stage()

    words = run("vocabulary", lambda: vocabulary(work=work))
    table = run("vectors", lambda: vectors(work=work))
    found = run("suspect", lambda: suspect(words, table, work=work))
    run("rows", lambda: rows(words, table, work=work))
    run("shape", lambda: shape(words, table, found))


if __name__ == "__main__":
    main()

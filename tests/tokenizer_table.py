"""A table of the tokenizer classes of the installed transformers and how many of their rows are
read as the tokenizer has them: `python -m tests.tokenizer_table`."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from atlas.errors import ModelError
from atlas.models import tokenizer_files
from tests import tiny_tokenizers as tiny


def measured(folder: Path, fast: bool) -> str:
    """`rows read right / rows`, or why there are none."""
    from transformers import AutoTokenizer

    try:
        found = tokenizer_files.load(f"path:{folder}")
    except ModelError as problem:
        return f"refused: {problem.message.rpartition(': ')[2]}"
    try:
        made = AutoTokenizer.from_pretrained(folder, use_fast=fast)
        rows = [str(made.convert_ids_to_tokens(row)) for row in found.rows]
    except Exception:  # noqa: BLE001  # a package is lacking
        return f"{len(found.rows)} rows by the files alone"
    right = sum(one == two for one, two in zip(rows, found.rows.values(), strict=True))
    return f"{right} / {len(rows)}"


def table() -> Iterator[tuple[str, str, str]]:
    """Class, files, and what `measured` says."""
    makers: tuple[tuple[str, dict[str, str], Callable[[str, Path], None]], ...] = (
        ("own files", tiny.slow_classes(), tiny.make),
        ("tokenizer.json", tiny.fast_classes(), tiny.make_fast),
    )
    for files, classes, make in makers:
        for name in classes:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    make(name, Path(folder))
                except Exception:  # noqa: BLE001  # a package is lacking
                    yield name, files, "transformers cannot make it here"
                    continue
                yield name, files, measured(Path(folder), files != "own files")


def text() -> str:
    """The table in Markdown, as docs have it."""
    rows = (" | ".join(row) for row in table())
    return "\n".join(
        ["| class | files | tokens right |", "|---|---|---|", *(f"| {row} |" for row in rows)]
    )


if __name__ == "__main__":
    logging.getLogger("transformers").setLevel(logging.ERROR)
    print(text())

"""Regular expressions of atlas.toml, which may take longer than anybody waits: they are searched in
a process of their own, which is ended after a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from atlas.errors import StageError

SECONDS = 30.0
_SEARCH = """
import json, re, sys, warnings
warnings.simplefilter("ignore")
pattern, texts = json.load(sys.stdin)
search = re.compile(pattern).search
json.dump([row for row, text in enumerate(texts) if search(text)], sys.stdout)
"""


def found(pattern: str, texts: Sequence[str], seconds: float = SECONDS) -> list[int]:
    """The rows of the texts in which a regular expression is found, ascending. Raises StageError
    when that takes longer than `seconds`."""
    asked = json.dumps([pattern, list(texts)])  # ASCII, so no encoding matters
    command = [sys.executable, "-I", "-S", "-c", _SEARCH]
    try:
        done = subprocess.run(  # noqa: S603  # this Python, and code of ours
            command, input=asked, capture_output=True, text=True, timeout=seconds, check=True
        )
    except subprocess.TimeoutExpired as problem:
        raise StageError(
            f"the pattern {pattern!r} takes longer than {seconds:g} s on {len(texts)} tokens",
            "Repeats within repeats, such as (a+)+, make it slow: write it without them.",
        ) from problem
    except (OSError, subprocess.CalledProcessError) as problem:
        raise StageError(
            f"the pattern {pattern!r} cannot be searched ({problem})", "Write a simpler one."
        ) from problem
    rows: list[int] = json.loads(done.stdout)
    return rows

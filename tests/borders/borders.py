"""What the tests of borders share: the command run on odd input, and what must hold of it."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from atlas.cli.commands import main
from atlas.cli.say import state

ODD = [
    None, True, -1, 0, 10**30, 1e308, float("nan"), float("-inf"), "", "\x00", "\x07", "../../x", "/",
    "a" * 5000, "*", "**x", "nan", "\ud800", [], {}, [[]], {"": {}}, "<b>", "=1+1", "en", "umap",
]  # fmt: skip


def run(capsys: Any, *arguments: str) -> tuple[int, str]:
    """Exit code and what the command says. Fails on anything but a result or an error told."""
    state.update(verbose=False, quiet=False)
    code = 0
    try:
        main([*arguments])
    except SystemExit as leave:
        code = int(leave.code or 0)
    said = "".join(capsys.readouterr())
    assert code in (0, 1, 2), said
    assert "Traceback" not in said, said
    assert "fault of the atlas" not in said, said
    assert code == 0 or "error" in said, said
    return code, said


def contents(folder: Path, *but: str) -> dict[str, str]:
    """Digests of all files below a folder, without those in folders named in `but`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(but) & set(path.relative_to(folder).parts)
    }


def mutated(value: Any, choose: random.Random) -> Any:
    """A JSON value with one place of it changed, taken away, doubled or put elsewhere."""
    places: list[tuple[Any, Any]] = []
    value = json.loads(json.dumps(value))
    left = [value]
    while left:
        one = left.pop()
        for key in list(one) if isinstance(one, dict) else range(len(one)):
            places.append((one, key))
            if isinstance(one[key], dict | list):
                left.append(one[key])
    parent, key = choose.choice(places)
    act: Callable[[], None] = choose.choice(
        [
            lambda: parent.__setitem__(key, choose.choice(ODD)),
            lambda: parent.__setitem__(key, choose.choice(ODD)),
            lambda: parent.__delitem__(key),
            lambda: parent.__setitem__(key, _near(parent[key], choose)),
            lambda: parent.__setitem__(key, _near(parent[key], choose)),
            lambda: (
                parent.append(parent[key])
                if isinstance(parent, list)
                else parent.__setitem__(f"{key}x", parent[key])
            ),
        ]
    )
    act()
    return value


def _near(value: Any, choose: random.Random) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + choose.choice([-1, 1, 1000, -1000])
    if isinstance(value, str):
        return choose.choice([value[:-1], value + "x", value.upper(), value * 2, value[::-1]])
    if isinstance(value, list):
        return value[:-1] if choose.random() < 0.5 else value[::-1]
    return value

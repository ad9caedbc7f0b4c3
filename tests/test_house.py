"""The house: which package may import which, that nothing runs in a circle, and how long things may
be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "atlas"
MODULES = sorted(PACKAGE.rglob("*.py"))
FINDINGS = (
    "comparisons",
    "senses",
    "inputs_embeds",
    "words",
    "vocabularies",
    "tables",
)  # each may import those before it
KINDS = ("maps", *FINDINGS)
SHOWS = ("view", "pages", "section", "data", "facts", "config")  # what renders, within each kind
BELOW = ("config", "numeric", "engine", "web", "section", "models", "spaces", "maps")
MAY: dict[str, tuple[str, ...]] = {  # besides `errors` and the version
    "config": (),
    "numeric": (),
    "engine": (),
    "web": ("config",),
    "section": ("engine", "web", "config", "models.checkpoint", "maps.config", "maps.landmarks"),
    "models": ("numeric", "engine", "config"),
    "spaces": ("models", "numeric", "engine", "config"),
    "maps": ("spaces", "models", "numeric", "engine", "web", "config", "section"),
    "content": ("config", "web", "maps"),
    "findings": BELOW,
    **{
        f"findings.{name}": (
            *BELOW,
            "findings.finding",
            *(f"findings.{one}" for one in FINDINGS[:i]),
        )
        for i, name in enumerate(FINDINGS)
    },
    "atlas_toml": (
        "config",
        "models.config",
        "spaces.config",
        "maps.config",
        "maps.landmarks",
        *(f"findings.{one}.config" for one in FINDINGS),
    ),
    "pipeline": (*BELOW, "content", "findings", "atlas_toml"),
    "export": (*BELOW, "content", "findings", "atlas_toml", "pipeline"),
    "api": (*BELOW, "content", "findings", "atlas_toml", "pipeline", "export"),
    "cli": (*BELOW, "content", "findings", "atlas_toml", "pipeline", "export", "api"),
}


def name_of(path: Path) -> str:
    """The dotted name of a module below atlas."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(name: str) -> str:
    """The key of MAY that a module stands under."""
    parts = name.split(".")
    inner = ".".join(parts[:2])
    return inner if inner in MAY else parts[0]


def imported(path: Path) -> set[str]:
    """Modules below atlas that a module imports anywhere: for type checking and inside functions
    too."""
    return _names(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    known = {name_of(module) for module in MODULES}
    found: set[str] = set()
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.partition(".")[0] == "atlas":
                inside = name.removeprefix("atlas").removeprefix(".")
                while inside and inside not in known:
                    inside = inside.rpartition(".")[0]
                found.add(inside)
    return found - {""}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_down(path: Path) -> None:
    name = name_of(path)
    if name in ("", "__main__"):
        return
    room = room_of(name)
    for other in imported(path) - {"errors"}:
        allowed = other == room or other.startswith(f"{room}.")
        assert allowed or any(other == one or other.startswith(f"{one}.") for one in MAY[room]), (
            f"{name} imports {other}"
        )


def at_import(path: Path) -> set[str]:
    """Modules below atlas that are loaded with a module: not for type checking, nor in functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return _names(node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom))


@pytest.mark.parametrize(
    "path",
    [path for path in MODULES if path.stem in SHOWS and path.parent.name in KINDS],
    ids=name_of,
)
def test_what_renders_loads_nothing_that_computes(path: Path) -> None:
    """A section may load its plan where targets are asked for: inside the function."""
    for other in at_import(path):
        parts = other.split(".")
        assert not set(parts) & {"plan", "gather", "stages"}, other
        assert parts[0] != "models" or other == "models.config", other
        assert other not in ("engine.store", "engine.run"), other


def test_no_imports_in_a_circle() -> None:
    left = {name_of(path): imported(path) for path in MODULES}
    while ready := [name for name, needs in left.items() if not needs & left.keys() - {name}]:
        for name in ready:
            del left[name]
    assert not left, f"imports in a circle among {sorted(left)}"


def test_few_modules_stand_at_the_top() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 8


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.name == "__init__.py"], ids=name_of
)
def test_every_package_says_what_lives_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or path.parent == PACKAGE


def test_the_test_sees_all_imports(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nimport atlas.config\nfrom atlas.engine import store as kept\n"
        "if TYPE_CHECKING:\n    from atlas.cli.commands import main\n"
        "def f():\n    from atlas.spaces.stages.select import select\n"
    )
    assert imported(path) == {"config", "engine.store", "cli.commands", "spaces.stages.select"}


def test_contributing_gives_this_rule() -> None:
    text = (PACKAGE.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told: dict[str, set[str]] = {}
    for name, cells in re.findall(r"^\| `([\w.]+)` \| (.+) \|$", text, re.MULTILINE):
        told[name] = set()
        for cell in cells.split(", ") if cells != "–" else ():
            other = re.search(r"`([\w.]+)`", cell)
            assert other, cell
            told[name] |= told[other[1]] if cell.startswith("what ") else {other[1]}
    assert told == {name: set(others) for name, others in MAY.items()}

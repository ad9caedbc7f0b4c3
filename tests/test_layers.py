"""Imports go down only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "atlas"
LAYERS = (
    ("__init__", "data", "errors"),
    (
        "fields", "lexicons", "experiments", "about", "config", "problems", "store", "executors", "dataset", "findings", "comparison",
        "sense_map", "sentences", "corpora", "writeup", "checkpoints", "hub",
    ),
    ("graph",),
    ("stages",),
    (
        "plan", "map_plan", "finding_plan", "compare_plan", "sense_plan", "writeup_plan", "gather", "publish", "writer", "compose",
        "render", "pages", "comparing", "charts", "study", "sensing", "sharing", "cards", "figures", "payload", "tiles", "check",
    ),
    ("cli", "build", "status", "serve", "server", "talk", "init", "export", "progress", "__main__"),
)  # fmt: skip
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}
MODULES = sorted(PACKAGE.rglob("*.py"))
LINES = 300
# Modules that may be longer, how long, and why.
LONGER = {
    "graph.py": (330, "running, reporting and stopping are one loop's parts"),
    "executors.py": (320, "three executors that share how workers are started"),
    "store.py": (320, "writing, reading, verifying and pruning know one layout"),
}


def name_of(path: Path) -> str:
    """`stages` for all stages, else the module's name."""
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Dotted names below atlas that a module imports anywhere: for type checking and inside functions too."""
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: a relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" if module in ("atlas", "atlas.stages") else module for alias in node.names}
    return {name.removeprefix("atlas.") for name in found if name.startswith("atlas.")}


def test_every_module_has_a_layer() -> None:
    assert {name_of(path) for path in MODULES} == set(LAYER)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down(path: Path) -> None:
    mine = LAYER[name_of(path)]
    for name in imported(path):
        theirs = LAYER.get(name.split(".")[0], 0)  # a name of atlas/__init__ itself, such as the version
        assert theirs <= mine, f"{path.name} imports {name}, which is above it"


@pytest.mark.parametrize("path", sorted((PACKAGE / "stages").glob("*.py")), ids=lambda path: path.stem)
def test_stages_know_neither_store_nor_site(path: Path) -> None:
    assert {name.split(".")[0] for name in imported(path)} <= {"data", "errors", "checkpoints", "corpora", "sentences", "stages"}


def test_no_imports_in_a_circle() -> None:
    graph = {path.stem: {name.split(".")[-1] for name in imported(path)} for path in MODULES}
    left = dict(graph)
    while ready := [name for name, needs in left.items() if not needs & left.keys() - {name}]:
        for name in ready:
            del left[name]
    assert not left, f"imports in a circle among {sorted(left)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_are_short(path: Path) -> None:
    limit, _ = LONGER.get(path.name, (LINES, ""))
    assert len(path.read_text(encoding="utf-8").splitlines()) <= limit


def test_the_test_sees_all_imports(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        "from typing import TYPE_CHECKING\nimport atlas.config\nfrom atlas import store as kept\n"
        "if TYPE_CHECKING:\n    from atlas.cli import main\ndef f():\n    from atlas.stages.select import select\n"
    )
    assert imported(path) == {"config", "store", "cli", "stages.select"} | ({"stages.select.select"} & imported(path))

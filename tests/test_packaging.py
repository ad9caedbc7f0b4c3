from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parent.parent
TEMPLATES = CHECKOUT / "templates"
PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))[
    "project"
]


def constraints() -> dict[str, Requirement]:
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    by_name = {canonicalize_name(entry.name): entry for entry in found}
    assert len(by_name) == len(found), "a package is constrained twice"
    return by_name


def wanted() -> list[Requirement]:
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
    return [entry for entry in map(Requirement, lines) if entry.name != PROJECT["name"]]


def test_every_constraint_is_exact() -> None:
    for entry in constraints().values():
        assert re.fullmatch(r"==[\w.]+", str(entry.specifier)) and not entry.url, str(entry)


def test_every_dependency_is_constrained_within_its_bounds() -> None:
    known = constraints()
    for entry in wanted():
        name = canonicalize_name(entry.name)
        assert name in known, f"{name} has no constraint"
        version = str(known[name].specifier).removeprefix("==")
        assert entry.specifier.contains(version), f"{entry} excludes {version}"


@cache
def _homes() -> Mapping[str, list[str]]:
    """The distributions of each package that is installed, which takes a second to find."""
    return packages_distributions()


def imported(path: Path) -> set[str]:
    """The distributions of which a module imports something, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    homes = _homes()
    tops = {name.partition(".")[0] for name in names} - {"atlas"}
    return {canonicalize_name(homes[top][0]) for top in tops & homes.keys()}


@pytest.mark.parametrize("package", ["config", "content", "pipeline", "web"])
def test_what_renders_needs_the_base_install_alone(package: str) -> None:
    base = {canonicalize_name(Requirement(line).name) for line in PROJECT["dependencies"]}
    base |= {"markupsafe", "pydantic-core"}  # of jinja2 and pydantic
    found = {
        (path.name, name)
        for path in (CHECKOUT / "atlas" / package).rglob("*.py")
        for name in imported(path)
    }
    assert found and {name for _, name in found} <= base, found


def test_extras_name_each_other() -> None:
    extras = PROJECT["optional-dependencies"]
    for lines in extras.values():
        for entry in map(Requirement, lines):
            if entry.name == PROJECT["name"]:
                assert entry.extras <= extras.keys()


def test_lock_file_names_no_registry() -> None:
    lock = json.loads((TEMPLATES / "assets" / "package-lock.json").read_text(encoding="utf-8"))
    package = json.loads((TEMPLATES / "assets" / "package.json").read_text(encoding="utf-8"))
    for part in ("dependencies", "devDependencies"):
        assert lock["packages"][""][part] == package[part]
        assert all(re.fullmatch(r"[\d.]+", version) for version in package[part].values())
    for name, entry in lock["packages"].items():
        assert "resolved" not in entry and (not name or "integrity" in entry), name
    for system in ("linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64", "win32-x64"):
        for tool in ("@biomejs/cli-", "@typescript/typescript-", "@esbuild/"):
            assert f"node_modules/{tool}{system}" in lock["packages"]


@pytest.mark.slow
def test_wheel(tmp_path: Path) -> None:
    bundle = TEMPLATES / "assets" / "vendor" / "plotly-map.min.js"
    if not bundle.is_file():
        pytest.skip("the map runtime was not built on this machine")
    before = bundle.read_bytes()
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path),
        str(CHECKOUT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert archive.read("atlas/templates/assets/vendor/plotly-map.min.js") == before
    recipe = {"package.json", "package-lock.json", ".npmrc", "globals.d.ts", "meta.d.ts"}
    recipe |= {"runtime.mjs", "tokenizers.mjs", "scripts.mjs"}
    assert "atlas/templates/assets/vendor/scripts/map.js" in names
    assert "atlas/templates/maps/map/index.js" in names
    for path in TEMPLATES.rglob("*"):
        if path.is_file() and path.name not in recipe and "node_modules" not in path.parts:
            assert f"atlas/templates/{path.relative_to(TEMPLATES).as_posix()}" in names
    assert not [
        name
        for name in names
        if Path(name).name in recipe or "node_modules" in name or name.endswith(".pyc")
    ]
    assert {name.split("/")[0] for name in names} == {
        "atlas",
        next(name for name in names if ".dist-info" in name).split("/")[0],
    }
    assert "atlas/py.typed" in names and "atlas/maps/stages/project.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_light_half_loads_no_model_library() -> None:
    heavy = [
        "torch",
        "transformers",
        "sklearn",
        "umap",
        "openTSNE",
        "numba",
        "fugashi",
        "huggingface_hub",
        "tokenizers",
        "tensorflow",
    ]
    light = [
        "api",
        "cli.commands",
        "cli.serve",
        "export.export",
        "export.figure",
        "maps.gather",
        "pipeline.build",
        "pipeline.compose",
        "pipeline.plan",
        "pipeline.publish",
        "web.check",
    ]
    code = (
        f"import sys, json, {', '.join(f'atlas.{name}' for name in light)}\n"
        f"print(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_the_version_is_the_packages_own() -> None:
    import atlas

    assert PROJECT["dynamic"] == ["version"] and re.fullmatch(
        r"\d+\.\d+\.\d+\S*", atlas.__version__
    )

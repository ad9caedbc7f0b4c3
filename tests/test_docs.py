"""The manual says what the code does: its commands and options, its tables of atlas.toml, its columns;
and docs what the tests of every tokenizer and family measure."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import typer.main
from conftest import CHECKOUT
from pydantic import BaseModel

from atlas.atlas_toml import Config
from atlas.cli.commands import app
from atlas.config.faults import _owner as owner
from atlas.maps.data import columns

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
MANUAL = (CHECKOUT / "docs" / "manual.md").read_text(encoding="utf-8")
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def test_every_command_is_in_the_table_and_no_other() -> None:
    told = re.findall(r"^\| `atlas (\w+)", MANUAL, re.MULTILINE)
    assert sorted(told) == sorted(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_options_that_a_command_s_row_names_exist(name: str) -> None:
    (row,) = re.findall(rf"^\| `atlas {name}.*$", MANUAL, re.MULTILINE)
    known = {option for param in COMMANDS[name].params for option in param.opts}
    assert set(re.findall(r"--[\w-]+", row)) <= known


def test_every_option_that_readme_names_exists() -> None:
    known = {
        option for command in COMMANDS.values() for param in command.params for option in param.opts
    }
    named = set(re.findall(r"`(?:atlas [^`]*)?(--[\w-]+)", README + MANUAL))
    assert named <= known | {"--prod", "--dir"}, named - known


def keys(value: Any, kind: type[BaseModel] | None, place: str) -> list[str]:
    """Keys of a TOML value that its table does not have."""
    if isinstance(value, list):
        return [fault for row in value for fault in keys(row, kind, place)]
    if not isinstance(value, dict) or kind is None:
        return []
    faults = [f"{place}.{key}" for key in value if key not in kind.model_fields]
    for key, inner in value.items():
        if key in kind.model_fields:
            faults += keys(inner, owner([key], kind), f"{place}.{key}")
    return faults


BLOCKS = re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.splitlines()[0])
def test_the_keys_of_every_example_are_known(block: str) -> None:
    text = re.sub(
        r"^ {2}\[\[models\.maps\]\]", '[[models]]\nid = "m"\n[[models.maps]]', block, count=1
    )
    text = text if "[[models]]" in block else re.sub(r"^  ", "", text, flags=re.MULTILINE)
    assert keys(tomllib.loads(text), Config, "") == []


def test_every_table_of_atlas_toml_has_an_example() -> None:
    told = "\n".join(BLOCKS)
    for name in Config.model_fields:
        assert re.search(rf"^\[\[?{name}[\].]", told, re.MULTILINE), name


def test_every_column_of_atlas_data_is_told_of() -> None:
    for name in columns(["umap"]):
        stem = name.removeprefix("x_").removeprefix("y_") if name[1] == "_" else name
        assert f"`{name}`" in MANUAL or f"_{stem}`" in MANUAL, name


def between(name: str, file: str) -> str:
    """What stands between a name's two marks in a file of docs."""
    text = (CHECKOUT / "docs" / file).read_text(encoding="utf-8")
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- /{name} -->")[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_table_of_tokenizers_is_what_is_measured() -> None:
    from tests import tokenizer_table

    assert tokenizer_table.text() == between("tokenizers", "checkpoints.md")


def test_every_file_that_is_named_exists() -> None:
    for path in (CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *CHECKOUT.glob("docs/*.md")):
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"`((?:atlas|docs|tests|benchmarks)/[\w./-]+)`", text))
        assert [name for name in named if not (CHECKOUT / name).exists()] == [], path.name


def test_readme_is_short_and_its_links_lead_somewhere() -> None:
    assert len(README.splitlines()) < 80
    for link in re.findall(r"\]\(([^)#]+)", README):
        assert "://" in link or (CHECKOUT / link).exists(), link
    assert "python dev.py demo " in README and "python dev.py test " in README

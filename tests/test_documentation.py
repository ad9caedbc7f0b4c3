"""The documentation of the published site: its reference is what the code says, its snippets run,
its messages are those that people meet."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer.main
from conftest import CHECKOUT, Built

import atlas
from atlas.atlas_toml import Config
from atlas.cli.commands import app
from atlas.content.texts import articles
from tests import reference
from tests.test_docs import keys

DOCS = CHECKOUT / "site" / "content" / "docs"
PAGES = sorted(DOCS.glob("*.md"))
MADE = "run `python -m tests.reference`, which writes it anew from the code"


@pytest.mark.parametrize("name", sorted(reference.PAGES))
def test_the_reference_is_what_the_code_says(name: str) -> None:
    written = (reference.FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert written == reference.PAGES[name](), MADE


@pytest.mark.parametrize("name", ["config", "commands"])
def test_every_key_and_option_is_described(name: str) -> None:
    rows = re.findall(r"^\| `.*\|$", reference.PAGES[name](), re.MULTILINE)
    assert len(rows) > 20
    assert [row for row in rows if re.search(r"\|\s*\|$", row)] == []


def test_every_page_is_in_both_languages_with_the_same_parts() -> None:
    for article in articles(CHECKOUT / "site", ["en", "ja"]):
        if not article.url.startswith("docs/reference/"):
            assert article.texts.keys() == {"en", "ja"}, article.url
            english, japanese = (
                [token.tag for token in article.texts[code].parsed.tokens if token.tag == "h2"]
                for code in ("en", "ja")
            )
            assert english == japanese, article.url


def blocks(language: str) -> list[tuple[str, str]]:
    """Each fenced block of this language, with the name of its page."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        found += [
            (page.name, one) for one in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
        ]
    return found


def test_the_keys_of_every_example_are_known() -> None:
    assert len(blocks("toml")) > 15
    for page, block in blocks("toml"):
        assert keys(tomllib.loads(block), Config, "") == [], page


def test_every_command_is_one_that_atlas_takes() -> None:
    group = typer.main.get_command(app)
    lines = [line for _, block in blocks("console") for line in block.splitlines()]
    asked = [shlex.split(line)[1:] for line in lines if line.startswith("atlas ")]
    assert len(asked) > 10
    for words in asked:
        name, *rest = words
        command = group.commands[name]  # type: ignore[attr-defined]
        command.make_context(name, rest)  # parses; raises UsageError


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]
def test_every_help_has_an_example_that_atlas_takes(name: str) -> None:
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    example = shlex.split((command.epilog or "").removeprefix("Example: ").partition(" > ")[0])
    assert example[:2] == ["atlas", name]
    command.make_context(name, example[2:])


def test_the_python_of_the_documentation_runs(
    tiny_atlas: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").symlink_to(tiny_atlas.root)
    monkeypatch.chdir(tmp_path)
    ran = 0
    for page, block in blocks("python"):
        if "import atlas" in block:
            exec(compile(block, page, "exec"), {"atlas": atlas})
            ran += 1
        else:  # it goes with a model that the reader has
            compile(block, page, "exec")
    assert ran == 2


def test_messages_that_are_explained_are_those_of_the_code() -> None:
    code = "".join(path.read_text("utf-8") for path in (CHECKOUT / "atlas").rglob("*.py"))
    for page in PAGES:
        if page.name.startswith("troubleshooting"):
            told = re.findall(r"^## `([^`(]+?) ?(?:\(.*)?`$", page.read_text("utf-8"), re.MULTILINE)
            assert len(told) > 10
            assert [message for message in told if message not in code] == []

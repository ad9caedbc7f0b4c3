"""The documentation of the published site: its reference is what the code says, its snippets run,
its messages are those that people meet."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from conftest import CHECKOUT, Built
from hypothesis import given
from hypothesis import strategies as st

import atlas
from atlas.atlas_toml import Config
from atlas.cli.commands import app
from atlas.content.texts import articles
from tests import reference
from tests.test_docs import keys

DOCS = CHECKOUT / "site" / "content" / "docs"
PAGES = sorted(DOCS.glob("*.md"))
MADE = "run `python -m tests.reference`, which writes it anew from the code"


def test_the_reference_is_what_the_code_says() -> None:
    for path, made in reference.written():
        assert path.read_text(encoding="utf-8") == made, MADE


def test_every_phrase_of_the_reference_has_its_japanese() -> None:
    kept, needed = reference.catalogue(), reference.phrases()
    assert len(needed) > 400
    assert {one.id for one in needed} - {""} == {one.id for one in kept} - {""}, MADE
    for message in kept:
        if message.id:
            assert message.string and not message.fuzzy, message.id
            assert verbatim(str(message.string)) == verbatim(str(message.id))


def verbatim(phrase: str) -> Counter[str]:
    """What stands in a phrase as it is in every language: code and placeholders."""
    return Counter(re.findall(r"`[^`]*`|%\(\w+\)s", phrase))


@given(st.lists(st.sampled_from(["`a`", "%(b)s", "text ", "語", "`", "|", "<i>"])))
def test_what_is_verbatim_stays_so_in_a_cell(parts: list[str]) -> None:
    phrase = "".join(parts)
    if phrase.count("`") % 2 == 0:
        shown = reference.cell(phrase)
        assert verbatim(shown.replace("\\|", "|")) == verbatim(phrase)
        assert "<" not in re.sub(r"`[^`]*`|\\<", "", shown)


@pytest.mark.parametrize("name", ["config", "commands", "data"])
def test_every_key_option_column_and_field_is_described(name: str) -> None:
    rows = re.findall(r"^\| `.*\|$", reference.PAGES[name](str), re.MULTILINE)
    assert len(rows) > 20
    assert [row for row in rows if re.search(r"\|\s*\|$", row)] == []


def test_every_page_is_in_both_languages_with_the_same_parts() -> None:
    for article in articles(CHECKOUT / "site", ["en", "ja"]):
        assert article.texts.keys() == {"en", "ja"}, article.url
        english, japanese = (
            [
                token.tag
                for token in article.texts[code].parsed.tokens
                if token.tag in ("h2", "h3", "tr")
            ]
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


def messages() -> Iterator[str]:
    """Every text in the code of the atlas besides its documentation; what differs in a message
    stands as an ellipsis, but for names of texts, such as that of atlas.toml."""
    for path in sorted((CHECKOUT / "atlas").rglob("*.py")):
        place = path.relative_to(CHECKOUT).with_suffix("").as_posix().replace("/", ".")
        tree = ast.parse(path.read_text("utf-8"))
        told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if id(node) not in told:
                    yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(shown(part, place) for part in node.values)


def shown(part: ast.expr, place: str) -> str:
    if isinstance(part, ast.Constant):
        return str(part.value)
    named = ast.unparse(part.value) if isinstance(part, ast.FormattedValue) else ""
    value: object = importlib.import_module(place)
    for name in named.split("."):  # of a constant of this module or another
        value = getattr(value, name, None)
    return value if isinstance(value, str) and name.isupper() else "…"


@pytest.mark.parametrize("page", ["troubleshooting.md", "troubleshooting.ja.md"])
def test_messages_that_are_explained_are_those_of_the_code(page: str) -> None:
    source = (DOCS / page).read_text("utf-8")
    told = re.findall(r"^### `([^`(]+?) ?(?:\(.*)?`$", source, re.MULTILINE)
    known = "\n".join(messages())
    assert len(told) > 40 and len(set(told)) == len(told)
    assert [message for message in told if message not in known] == []


def test_the_same_messages_are_explained_in_both_languages() -> None:
    english, japanese = (
        re.findall(r"^### (`.*`)$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
        for page in ("troubleshooting.md", "troubleshooting.ja.md")
    )
    assert english == japanese

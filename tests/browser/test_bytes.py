"""The search of a map whose vocabulary spells rare characters in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import tiny_models
from chrome import MARKS, Watched, serving
from conftest import Built

pytestmark = MARKS

TOML = """
[site]
title = "Bytes"
languages = ["en", "ja"]

[[models]]
id = "m"
source = "path:model"

[[models.maps]]
projections = ["pca"]
clusters = { coarse = 4, fine = 2 }

[vocabularies]
enabled = false

[tables]
enabled = false
"""


DONE = ".word-answer:not([hidden]):not([aria-busy]) h1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site of a byte-level BPE model."""
    built = Built(tmp_path_factory.mktemp("bytes"))
    tiny_models.bytelevel(built.root / "model")
    built.toml.write_text(TOML, encoding="utf-8")
    built.build()
    with serving(built.public) as address:
        yield address


def found(page: Any, query: str) -> list[str]:
    """What the list says of a query."""
    page.fill("input[name=find]", "")
    page.wait_for_selector(".found", state="hidden")
    page.fill("input[name=find]", query)
    page.wait_for_selector(".found li")
    return [str(text) for text in page.locator(".found li").all_text_contents()]


def test_a_text_in_bytes_says_so_and_leads_to_them(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("maps/m-words/")
    note, *parts = found(page, "😀")
    assert "in bytes" in note
    texts = [str(text) for text in page.locator(".found li bdi").all_text_contents()]
    assert "".join(texts) == "<0xF0><0x9F><0x98><0x80>" and len(parts) == len(texts)
    page.keyboard.press("ArrowDown")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel h2")
    assert page.locator(".panel h2").text_content() in texts
    watched.fine()


def test_what_is_not_there_is_not_there(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("ja/maps/m-words/")
    assert found(page, "qqqqq") == ["該当するトークンはありません"]
    assert "バイト単位" in found(page, "한")[0]
    watched.fine()


def test_the_case_that_was_typed_comes_first(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("maps/m-words/")
    texts = set(
        page.evaluate("document.querySelector('.stage').map.source.texts()")  # all that there are
    )
    both = [text for text in texts if text != text.swapcase() and text.swapcase() in texts]
    assert both
    for text in both:
        query = text.removeprefix("␣")
        first = page.evaluate(
            "(query) => document.querySelector('.stage').map.source.find(query, 1)", query
        )
        assert query in first[0]["text"]
    watched.fine()


def test_the_page_of_words_says_so_too(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("words/?w=%F0%9F%98%80", DONE)
    said = page.locator(".in-model .split").first
    pieces = said.locator(".piece").all_text_contents()
    assert f"Split into {len(pieces)} pieces, bytes among them" in said.text_content()
    assert "".join(pieces) == "<0xF0><0x9F><0x98><0x80>"
    said.locator(".piece").first.click()
    page.wait_for_selector(".in-model h3")
    assert page.locator(".in-model h3 bdi").first.text_content() == pieces[0]
    watched.fine()


@pytest.mark.parametrize("asked", ["%E2%90%A3the", "%23%23the", "the"])
def test_the_marks_of_a_token_are_no_part_of_a_word(
    watch: Callable[..., Watched], asked: str
) -> None:
    watched = watch()
    page = watched.open(f"words/?w={asked}", DONE)
    assert page.locator(".answer-body h1").text_content() == "the"
    pieces = page.locator(".in-model .split .piece").all_text_contents()
    assert pieces and not [piece for piece in pieces if "<" in piece or "#" in piece]
    watched.fine()

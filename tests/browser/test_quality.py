"""Every kind of page against axe-core: the rules of WCAG 2.2 AA, and its own best practices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, READY, Watched, broken_rules
from conftest import Built

pytestmark = MARKS

KINDS = [
    "",
    "models/ja-aozora/",
    "maps/minilm-words/",
    "maps/ja-aozora-words/clusters/",
    "CLUSTER",
    "about/",
    "embedding/",
    "embed/minilm-words/",
    "404.html",
    "compare/",
    "compare/minilm-words--ja-aozora-words/",
    "write-ups/inputs-embeds/",
    "senses/",
    "senses/tiny/",
    "vocabularies/",
    "vocabularies/minilm--ja-aozora/",
    "vocabularies/wall/hiragana/",
    "vocabularies/order/minilm/",
    "words/",
    "words/?w=victory",
    "words/?w=優勝の 祝賀会",
]
LOOKS = {
    "wide light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "wide dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone dark": {
        "viewport": {"width": 390, "height": 844},
        "color_scheme": "dark",
        "has_touch": True,
    },
}


@pytest.fixture
def judged(watch: Callable[..., Watched], tiny_atlas: Built) -> Callable[..., Any]:
    def go(
        url: str, options: dict[str, Any], act: Callable[[Any], None] = lambda _: None
    ) -> list[str]:
        watched = watch(**options)
        mapped = url.endswith("-words/")
        page = watched.open(url, READY if mapped else "main")
        page.wait_for_load_state("networkidle")
        if "?w=" in url:
            page.wait_for_selector(".word-answer:not([aria-busy]) h1")
        act(page)
        return broken_rules(page)

    return go


def address(url: str, tiny_atlas: Built) -> str:
    return url.replace(
        "CLUSTER",
        f"maps/ja-aozora-words/clusters/{tiny_atlas.data('ja-aozora-words').about.clusters[0].slug}/",
    )


# Every kind in both languages, in both colors, wide and on a phone.
JUDGED = [
    (url, language, look)
    for url in KINDS
    for language, look in (("", "wide light"), ("ja/", "phone dark"))
]


@pytest.mark.parametrize(("url", "language", "look"), JUDGED)
def test_no_page_breaks_a_rule(
    judged: Callable[..., Any], tiny_atlas: Built, url: str, language: str, look: str
) -> None:
    assert judged(language + address(url, tiny_atlas), LOOKS[look]) == []


@pytest.mark.parametrize(("language", "look"), [("", "phone dark"), ("ja/", "wide light")])
def test_no_long_wall_breaks_a_rule(judged: Callable[..., Any], language: str, look: str) -> None:
    assert judged(f"{language}vocabularies/wall/numbers/", LOOKS[look]) == []


def busy(page: Any) -> None:
    """A token chosen, the table open, tokens selected."""
    page.fill("input[name=find]", "april")
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    page.locator(".inview summary").click()
    page.locator("button[name=all-in-view]").click()
    page.wait_for_selector(".chosen li")
    page.fill("input[name=find]", "ma")
    page.wait_for_selector(".found li[aria-selected=true]")


def sharing(page: Any) -> None:
    page.click("button[name=share]")
    page.wait_for_selector("dialog.share[open]")


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("act", [busy, sharing])
def test_a_map_in_use_breaks_no_rule(
    judged: Callable[..., Any], look: str, act: Callable[[Any], None]
) -> None:
    assert judged("maps/minilm-words/", LOOKS[look], act) == []


def test_the_judge_sees_a_broken_rule(judged: Callable[..., Any], tiny_atlas: Built) -> None:
    def spoil(page: Any) -> None:
        page.evaluate(
            "document.querySelector('.where img, figure img, main img').removeAttribute('alt')"
        )

    found = judged(address("CLUSTER", tiny_atlas), LOOKS["wide light"], spoil)
    assert any(line.startswith("image-alt") for line in found)

"""The pages of the documentation as a reader has them: axe-core's rules, the HTML standard's
grammar, widths that fit a phone, and links that lead on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import html5lib
import pytest
from chrome import MARKS, Watched, broken_rules, serving
from conftest import CHECKOUT, Built

from atlas.web.check import check

pytestmark = MARKS

WIDE = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}
SOURCES = sorted((CHECKOUT / "site" / "content").rglob("*.md"))
PAGES = sorted(
    {
        path.relative_to(CHECKOUT / "site" / "content")
        .as_posix()
        .partition(".")[0]
        .removesuffix("index")
        for path in SOURCES
    }
)


@pytest.fixture(scope="module")
def documented(tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small atlas with the documentation of the published site. Read only."""
    root = tmp_path_factory.mktemp("documented") / "atlas"
    shutil.copytree(tiny_atlas.root, root, ignore=shutil.ignore_patterns(".atlas"))
    shutil.copytree(CHECKOUT / "site" / "content", root / "content")
    built = Built(root)
    built.build(frozen=True)
    return built.public


@pytest.fixture(scope="module")
def site(documented: Path) -> Iterator[str]:
    with serving(documented) as address:
        yield address


def folder(page: str) -> str:
    return page if page.endswith("/") else f"{page}/"


def test_every_link_leads_on_and_every_page_is_html(documented: Path) -> None:
    assert len(PAGES) > 8
    assert check(documented) == []
    for page in PAGES:
        for prefix in ("", "ja/"):
            text = (documented / prefix / folder(page) / "index.html").read_text("utf-8")
            html5lib.HTMLParser(strict=True).parse(text)


@pytest.mark.parametrize("prefix", ["", "ja/"])
@pytest.mark.parametrize("page", PAGES)
def test_no_page_breaks_a_rule_or_is_wider_than_a_phone(
    watch: Callable[..., Watched], page: str, prefix: str
) -> None:
    tab = watch(**(PHONE if prefix else WIDE)).open(prefix + folder(page), "main")
    tab.wait_for_load_state("networkidle")
    if prefix or not page.startswith("docs/reference/"):  # long, and judged on a phone
        assert broken_rules(tab) == []
    wide = "[document.documentElement.scrollWidth, innerWidth]"
    content, window = tab.evaluate(wide)
    assert content <= window

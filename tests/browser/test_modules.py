"""The scripts as modules, where no bundle is made of just these sources: pages do all they do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chrome import MARKS, Watched, drawn, serving
from conftest import CHECKOUT, Built

pytestmark = MARKS

MAP = "maps/minilm-words/"
PAIR = "compare/minilm-words--ja-aozora-words/"


@pytest.fixture(scope="module")
def unbundled(plain_atlas: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The small atlas without words and without bundles. Read only."""
    root = tmp_path_factory.mktemp("unbundled") / "atlas"
    shutil.copytree(plain_atlas.root, root, ignore=shutil.ignore_patterns(".atlas", "public"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("atlas.web.assets._bundle", lambda *_: None)
        Built(root).build(frozen=True)
    return Built(root)


@pytest.fixture
def opened(chromium: Any, site: str) -> Iterator[Callable[..., tuple[Watched, Any]]]:
    """Opens a page of the site."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")

    def go(url: str, wait: str = ".stage[data-drawn]") -> tuple[Watched, Any]:
        watched = Watched(context.new_page(), site)
        return watched, watched.open(url, wait)

    yield go
    context.close()


def shadow(atlas: Built, place: str, old: str, new: str) -> None:
    """A theme of one's own that changes one file of those that ship."""
    text = (CHECKOUT / "templates" / place).read_text(encoding="utf-8")
    assert old in text
    own = atlas.root / "templates" / place
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(text.replace(old, new), encoding="utf-8")


def choose(page: Any, word: str) -> None:
    page.fill("input[name=find]", word)
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel h2").text_content() == word


class TestWithoutBundles:
    @pytest.fixture
    def site(self, unbundled: Built) -> Iterator[str]:
        with serving(unbundled.public) as address:
            yield address

    def test_a_map_is_drawn_and_a_token_chosen(
        self, opened: Callable[..., tuple[Watched, Any]], unbundled: Built
    ) -> None:
        watched, page = opened(MAP)
        assert page.locator("script[type=module]").count() == 2
        (folder,) = (unbundled.public / "assets").glob("scripts.*")
        assert (folder / "maps" / "map" / "index.js").is_file()
        assert not list((unbundled.public / "assets").glob("map.*.js"))
        assert drawn(page) > 1500
        choose(page, "april")
        page.click("button.theme")
        page.locator("button[name=share]").click()
        assert page.locator("dialog.share").is_visible()
        watched.fine()

    def test_two_maps_are_linked(self, opened: Callable[..., tuple[Watched, Any]]) -> None:
        watched, page = opened(PAIR, ".pair[data-linked]")
        page.locator(".moved a").first.click()  # shared by both, as neighbors may not be
        page.wait_for_function(
            "() => [...document.querySelectorAll('.stage')].every((stage) => stage.map?.selected)"
        )
        watched.fine()

    @pytest.mark.parametrize("url", ["senses/tiny/", "embedding/", "write-ups/inputs-embeds/"])
    def test_other_pages_open(self, opened: Callable[..., tuple[Watched, Any]], url: str) -> None:
        watched, page = opened(url, "main")
        page.wait_for_selector("button.theme:not([hidden])")
        watched.fine()


class TestTheme:
    @pytest.fixture
    def site(self, frozen_copy: Built) -> Iterator[str]:
        shadow(frozen_copy, "maps/map/colour/palette.js", '"#0d74b8"', '"#ff00ff"')
        frozen_copy.build(frozen=True)
        with serving(frozen_copy.public) as address:
            yield address

    def test_one_module_is_shadowed(
        self, opened: Callable[..., tuple[Watched, Any]], frozen_copy: Built
    ) -> None:
        watched, page = opened(MAP)
        assert page.locator("script[type=module]").count() == 1
        assert page.locator(".legend circle[fill='#ff00ff']").count() >= 1
        choose(page, "april")
        watched.fine()
        other: Path = frozen_copy.public / "senses" / "tiny" / "index.html"
        assert 'type="module"' not in other.read_text(encoding="utf-8")

"""The built site in Chromium: the map is drawn, answers, and asks nothing of anybody else; without
WebGL or scripts a picture stays."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from chrome import CHROMIUM, FLAGS, MARKS, READY, WIDE, Watched, coloured, drawn, hidden, until
from conftest import Built
from PIL import Image

from atlas.maps.names import page_of

pytestmark = MARKS


def settled(page: Any, good: Callable[[str], bool]) -> str:
    """The fragment of the address once it is as wanted."""
    for _ in range(600):
        found = str(page.evaluate("location.hash"))
        if good(found):
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"the address stays at {found}")


@pytest.mark.parametrize("language", ["", "ja/"])
@pytest.mark.parametrize("page_kind", ["maps", "embed"])
@pytest.mark.parametrize("map_id", ["minilm-words", "ja-aozora-words"])
def test_the_map_is_drawn(
    watch: Callable[..., Watched], map_id: str, page_kind: str, language: str
) -> None:
    watched = watch()
    page = watched.open(f"{language}{page_kind}/{map_id}/")
    assert page.locator(".no-webgl").count() == 0
    assert page.locator(".trouble").is_hidden()
    assert drawn(page) > 1500
    watched.fine()


def test_a_map_that_is_ready_has_its_names(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.page.add_init_script(
        """new MutationObserver(() => {
          const stage = document.querySelector('.stage')
          if (stage?.dataset.ready) window.named ??= stage.map.found?.names.length ?? 0
        }).observe(document, { subtree: true, childList: true, attributes: true })"""
    )
    assert watched.open("maps/minilm-words/").evaluate("window.named") > 0


def test_without_its_points_nothing_coloured_is_left(watch: Callable[..., Watched]) -> None:
    """That the count of coloured pixels above can fail."""
    page = watch().open("maps/minilm-words/")
    with hidden(page, ".canvas .plot", ".canvas .under"):
        assert drawn(page) < 200


@pytest.mark.parametrize(
    "url", ["", "ja/", "about/", "models/minilm/", "maps/ja-aozora-words/clusters/", "404.html"]
)
def test_other_pages_open_without_a_fault(watch: Callable[..., Watched], url: str) -> None:
    watched = watch()
    watched.open(url, "main")
    watched.page.wait_for_load_state("networkidle")
    watched.fine()


def test_hovering_over_a_dot_tells_its_token(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    watched = watch()
    page = watched.open("maps/minilm-words/")
    page.wait_for_load_state("networkidle")
    page.locator(".canvas").scroll_into_view_if_needed()
    box = page.locator(".canvas").bounding_box()
    with hidden(page, ".canvas .poster", ".canvas canvas.labels"):
        picture = np.asarray(
            Image.open(io.BytesIO(page.locator(".canvas").screenshot())).convert("RGB")
        ).astype(int)
    rows, columns = np.nonzero(picture.max(axis=2) - picture.min(axis=2) > 60)
    inside = (
        (rows > 60)
        & (rows < picture.shape[0] - 20)
        & (columns > 20)
        & (columns < picture.shape[1] - 20)
    )
    rows, columns = rows[inside], columns[inside]
    for place in range(0, len(rows), max(len(rows) // 10, 1)):
        page.mouse.move(box["x"] + int(columns[place]) - 3, box["y"] + int(rows[place]))
        page.mouse.move(box["x"] + int(columns[place]), box["y"] + int(rows[place]))
        tried = (page.wait_for_timeout(100) or page.locator(".tip").is_visible() for _ in range(10))
        if any(tried):
            break
    assert page.locator(".tip").is_visible()
    assert page.locator(".tip bdi").text_content() in tiny_atlas.data("minilm-words").strings(
        "text"
    )
    watched.fine()


@pytest.mark.parametrize(
    ("map_id", "word", "language"),
    [("minilm-words", "april", ""), ("ja-aozora-words", "九", "ja/")],
)
def test_searching_opens_a_token_with_its_true_neighbors(
    watch: Callable[..., Watched], tiny_atlas: Built, map_id: str, word: str, language: str
) -> None:
    data = tiny_atlas.data(map_id)
    texts, ids = data.strings("text"), data.column("token_id").tolist()
    assert word in texts, "choose another word"
    row = texts.index(word)
    text_of = dict(zip(ids, texts, strict=True))
    watched = watch()
    page = watched.open(f"{language}maps/{map_id}/")
    page.fill("input[name=find]", word)
    page.wait_for_selector(".found li[aria-selected=true]")
    page.press("input[name=find]", "Enter")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel h2").text_content() == word
    assert page.locator(".panel ol button bdi").all_text_contents() == [
        text_of[one] for one in data.lists("neighbor_ids")[row][:10]
    ]
    told = [float(one) for one in page.locator(".panel ol small").all_text_contents()]
    assert np.abs(np.array(told) - data.lists("neighbor_similarities")[row][:10]).max() < 0.008
    settled(page, lambda found: found.startswith(f"#t={ids[row]}&v="))
    link = page.locator(".panel a")
    fine = int(data.column("cluster_fine")[row])
    if fine >= 0:
        cluster = next(
            one for one in data.about.clusters if one.level == "fine" and one.key == fine
        )
        coarse = [one for one in data.about.clusters if one.level == "coarse"]
        assert link.text_content() == cluster.called("ja" if language else "en")
        assert link.evaluate("(node) => node.href").endswith(
            f"{language}maps/{map_id}/clusters/{page_of(cluster, coarse, 'coarse')}"
        )
    page.locator(".panel ol button").first.click()
    other = text_of[data.lists("neighbor_ids")[row][0]]
    page.wait_for_function(
        "(word) => document.querySelector('.panel h2').textContent === word", arg=other
    )
    page.keyboard.press("Escape")
    assert page.locator(".panel").is_hidden()
    watched.fine()


def test_a_word_that_is_not_there_is_told(watch: Callable[..., Watched]) -> None:
    page = watch().open("maps/minilm-words/")
    page.fill("input[name=find]", "xqzv")
    page.wait_for_selector(".found li[aria-disabled=true]")
    page.press("input[name=find]", "Enter")
    assert page.locator(".panel").is_hidden()


def test_projections_and_colours_change(watch: Callable[..., Watched]) -> None:
    watched = watch()
    page = watched.open("maps/ja-aozora-words/")
    with hidden(page, ".canvas .poster", ".canvas canvas.labels"):
        first = page.locator(".canvas").screenshot()
        page.locator("input.projection[value=pca]").check(force=True)
        settled(page, lambda found: found == "#p=pca")
        second = page.locator(".canvas").screenshot()
        assert first != second
        assert coloured(page) > 1000
        for colour in ("kind", "script", "pos"):
            page.select_option("select[name=colour]", colour)
            settled(page, lambda found, colour=colour: found == f"#p=pca&c={colour}")
            assert page.locator(".legend button[data-key]").count() > 0
            assert coloured(page) > 1000
    assert "noun" in page.locator(".legend").text_content()
    watched.fine()


def test_an_address_brings_back_a_token_a_projection_and_a_colour(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    data = tiny_atlas.data("minilm-words")
    row = len(data.column("token_id")) // 2
    watched = watch()
    page = watched.open(f"maps/minilm-words/#t={data.column('token_id')[row]}&p=tsne&c=script")
    page.wait_for_selector(".panel ol li")
    assert page.locator(".panel h2").text_content() == data.strings("text")[row]
    assert page.locator("input.projection[value=tsne]").is_checked()
    assert page.locator("select[name=colour]").input_value() == "script"
    watched.fine()


@pytest.mark.parametrize("hash_", ["#t=99999999", "#t=abc", "#p=nothing&c=nothing", "#%E0%A4%A"])
def test_an_address_that_means_nothing_does_no_harm(
    watch: Callable[..., Watched], hash_: str
) -> None:
    watched = watch()
    page = watched.open(f"maps/minilm-words/{hash_}")
    assert drawn(page) > 1500
    assert page.locator(".panel").is_hidden()
    watched.fine()


def test_a_cluster_page_leads_to_its_token_on_the_map(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    data = tiny_atlas.data("minilm-words")
    cluster = data.about.clusters[0]
    watched = watch()
    page = watched.open(f"maps/minilm-words/clusters/{cluster.slug}/", "main")
    page.locator("a[href*='#t=']").first.click()
    page.wait_for_selector(".panel ol li", timeout=30_000)
    row = data.column("token_id").tolist().index(cluster.central[0])
    assert page.locator(".panel h2").text_content() == data.strings("text")[row]
    watched.fine()


def test_the_wheel_zooms_and_whole_map_leads_back(watch: Callable[..., Watched]) -> None:
    page = watch().open("maps/minilm-words/")
    span = "(() => { const range = document.querySelector('.plot')._fullLayout.xaxis.range; return range[1] - range[0] })()"
    before = page.evaluate(span)
    box = page.locator(".canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_timeout(300)
    page.mouse.wheel(0, -300)
    zoomed = until(page, span, lambda value: value < before * 0.9)
    page.click("button[name=home]")
    until(page, span, lambda value: abs(value - before) < before * 0.01 and value > zoomed)


def test_without_javascript_a_picture_and_the_clusters_are_there(
    watch: Callable[..., Watched], tiny_atlas: Built
) -> None:
    watched = watch(java_script_enabled=False)
    page = watched.page
    page.goto(watched.site + "maps/minilm-words/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".canvas .poster img").is_visible()
    assert coloured(page) > 1500
    assert page.locator("noscript .note").is_visible()
    assert page.locator(".controls").is_hidden()
    cluster = next(
        one for one in tiny_atlas.data("minilm-words").about.clusters if one.level == "coarse"
    )
    assert page.locator(".chips").get_by_text(cluster.called(), exact=True).is_visible()
    assert [url for url in watched.asked if not url.startswith((watched.site, "data:"))] == []


def test_without_webgl_the_map_lives_on_a_canvas_and_a_note_says_so(driver: Any, site: str) -> None:
    browser = driver.chromium.launch(
        executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu", "--disable-3d-apis"]
    )
    try:
        watched = Watched(
            browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce"), site
        )
        page = watched.open("maps/minilm-words/")
        assert "WebGL" in page.locator(".plainly").text_content()
        assert page.locator(".plainly").is_visible()
        assert page.locator(".plot").is_hidden()
        assert drawn(page) > 1500
        page.fill("input[name=find]", "april")
        page.press("input[name=find]", "Enter")
        page.wait_for_selector(".panel ol li")
        with hidden(page, ".panel"):
            near = drawn(page)
            page.click("button[name=home]")
            for _ in range(100):
                if drawn(page) != near:
                    break
                page.wait_for_timeout(100)
            else:
                raise AssertionError("the whole map is not drawn")
        assert page.evaluate("window.violations") == []
    finally:
        browser.close()


def test_where_data_do_not_come_the_picture_stays_and_a_note_says_so(
    watch: Callable[..., Watched],
) -> None:
    watched = watch()
    watched.page.route("**/*.bin", lambda route: route.abort())
    page = watched.open("ja/maps/minilm-words/", ".trouble:not([hidden])")
    assert page.locator(".canvas .poster img").is_visible()
    assert coloured(page) > 1500


@pytest.mark.parametrize(
    "url",
    [
        "",
        "maps/minilm-words/",
        "ja/maps/ja-aozora-words/",
        "embed/minilm-words/",
        "about/",
        "models/minilm/",
        "maps/ja-aozora-words/clusters/",
        "CLUSTER",
    ],
)
def test_on_a_phone_nothing_is_wider_than_the_screen(
    watch: Callable[..., Watched], tiny_atlas: Built, url: str
) -> None:
    if url == "CLUSTER":
        url = f"ja/maps/ja-aozora-words/clusters/{tiny_atlas.data('ja-aozora-words').about.clusters[0].slug}/"
    watched = watch(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True)
    mapped = "words/" in url and "clusters" not in url
    page = watched.open(url, READY if mapped else "main")
    page.wait_for_load_state("networkidle")
    wide = page.evaluate(WIDE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, wide
    if mapped:
        assert drawn(page) > 1000
    watched.fine()


def test_the_theme_is_chosen_and_kept(watch: Callable[..., Watched]) -> None:
    watched = watch(color_scheme="light")
    page = watched.open("about/", "button.theme:not([hidden])")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.click("button.theme")
    page.wait_for_function(f"() => {ground} !== '{light}'")
    dark = page.evaluate(ground)
    watched.open("", "main")
    page.wait_for_function(f"() => {ground} === '{dark}'")
    watched.fine()


def test_motion_is_chosen_and_kept(watch: Callable[..., Watched]) -> None:
    watched = watch(reduced_motion="no-preference")
    page = watched.open("maps/minilm-words/")
    assert page.evaluate("document.querySelector('.stage').map.camera.still()") is False
    page.click("button.motion")
    assert page.locator("button.motion").get_attribute("aria-pressed") == "true"
    assert page.evaluate("document.querySelector('.stage').map.camera.still()") is True
    page = watched.open("maps/ja-aozora-words/")
    assert page.evaluate("document.querySelector('.stage').map.camera.still()") is True
    page.click("button.motion")
    assert page.evaluate("document.querySelector('.stage').map.camera.still()") is False
    watched.fine()

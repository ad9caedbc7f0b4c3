"""Figures in a browser: those of the write-up and of comparisons come alive, and say the same
without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from chrome import MARKS, WIDE, Watched, serving
from conftest import Built

pytestmark = MARKS

URL = "write-ups/inputs-embeds/"


def drawn_and_told(figure: Any) -> tuple[list[list[float]], list[list[float]]]:
    """The lines that Plotly draws, and those of the table."""
    drawn = figure.evaluate("(node) => node.querySelector('.live').data.map((trace) => trace.y)")
    told = figure.evaluate(
        "(node) => [...node.querySelectorAll('thead [data-key]')].map((_, i) =>"
        " [...node.querySelectorAll('tbody tr')].map((row) => Number(row.querySelectorAll('[data-value]')[i].dataset.value)))"
    )
    return drawn, told


@pytest.mark.parametrize("url", [URL, f"ja/{URL}"])
def test_figures_are_drawn_by_plotly_from_their_tables(
    watch: Callable[..., Watched], url: str
) -> None:
    watched = watch()
    page = watched.open(url, "figure.chart")
    count = page.locator("figure.chart").count()
    assert count == 3
    for number in range(count):
        figure = page.locator("figure.chart").nth(number)
        figure.scroll_into_view_if_needed()
        page.wait_for_function(
            f"() => document.querySelectorAll('figure.chart')[{number}].dataset.drawn === 'plotly'"
        )
        drawn, told = drawn_and_told(figure)
        assert (
            drawn == told and len(drawn) >= 3 and not figure.locator(".drawing > svg").is_visible()
        )
    watched.fine()


def test_layers_of_a_comparison_are_drawn_beside_their_table(chromium: Any, pair: Built) -> None:
    with serving(pair.public) as site:
        page = chromium.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        watched = Watched(page, site)
        watched.open("compare/m-words--m-deep/", ".pair[data-linked]")
        figure = page.locator("figure.chart")
        figure.scroll_into_view_if_needed()
        page.wait_for_function(
            "() => document.querySelector('figure.chart').dataset.drawn === 'plotly'"
        )
        drawn, told = drawn_and_told(figure)
        assert drawn == told and [len(line) for line in drawn] == [3, 3, 3]
        assert figure.locator("table").is_visible() and page.evaluate(WIDE) == []
        assert page.locator("script[src*=plotly]").count() == 1  # the maps' own
        watched.fine()
        page.close()


def test_figures_follow_the_theme(watch: Callable[..., Watched]) -> None:
    watched = watch(color_scheme="light")
    page = watched.open(URL, "figure.chart")
    page.locator("figure.chart").first.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('figure.chart').dataset.drawn")
    font = "document.querySelector('.live')._fullLayout.font.color"
    before = page.evaluate(f"() => {font}")
    page.locator("button.theme").click()
    page.wait_for_function(f"() => {font} !== '{before}'")
    watched.fine()


def test_without_javascript_there_are_pictures_and_numbers(watch: Callable[..., Watched]) -> None:
    page = watch(java_script_enabled=False).open(URL, "figure.chart")
    assert (
        page.locator("figure.chart .drawing > svg").first.is_visible()
        and page.locator("pre").count() > 5
    )
    assert page.locator("figure.chart table td[data-value]").count() > 20


def test_without_the_runtime_the_pictures_stay(watch: Callable[..., Watched]) -> None:
    watched = watch()
    watched.page.route("**/plotly*.js", lambda route: route.abort())
    page = watched.open(URL, "figure.chart")
    page.locator("figure.chart").first.scroll_into_view_if_needed()
    page.wait_for_timeout(800)
    assert (
        page.locator("figure.chart .drawing > svg").first.is_visible()
        and page.locator("figure.chart .live:visible").count() == 0
    )


@pytest.mark.parametrize("url", [URL, f"ja/{URL}"])
def test_it_fits_a_phone(watch: Callable[..., Watched], url: str) -> None:
    watched = watch(viewport={"width": 390, "height": 844}, is_mobile=True)
    page = watched.open(url, "figure.chart")
    inside = WIDE.replace(
        ".top nav *, .canvas *",
        ".top nav *, .canvas *, .scroll *, pre *",
    )
    assert page.evaluate(inside) == []
    watched.fine()

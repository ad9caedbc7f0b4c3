from __future__ import annotations

import io

import numpy as np
import pytest
from conftest import Built
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor, ImageFont

from atlas.maps import cards
from atlas.web.palette import PALETTE


def drawn(picture: bytes) -> np.ndarray:
    """How far each pixel is from paper."""
    paper = np.array([int(cards.PAPER[at : at + 2], 16) for at in (1, 3, 5)])
    return np.abs(
        np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int) - paper
    ).max(axis=2)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Pillow's own font."""
    monkeypatch.setattr(cards, "FONTS", ())


def test_a_card_shows_the_map_and_says_what_it_is(tiny_atlas: Built) -> None:
    data = tiny_atlas.data("minilm-words")
    found = cards.cards(
        data,
        data.about.map.clustered_on,
        {"en": ("English words", "Atlas"), "fr": ("Mots", "Atlas")},
    )
    left = slice(0, cards.LEFT + cards.COLUMN)
    for picture in found.values():
        image = Image.open(io.BytesIO(picture))
        assert image.format == "PNG" and image.size == cards.SIZE and len(picture) < 300_000
        far = drawn(picture)
        assert (far[:, cards.SIZE[0] - cards.MAP :] > 60).sum() > 2000  # dots and names
        assert (far[200:480, left] > 100).sum() > 500  # the title
    one, other = (drawn(found[language]) for language in ("en", "fr"))
    assert (one[200:480, left] != other[200:480, left]).any()


def test_colors_are_those_of_the_map(tiny_atlas: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = []

    def png(image: Image.Image) -> bytes:
        drawings.append(np.asarray(image).astype(int))
        return made(image)

    made = cards._png
    monkeypatch.setattr(cards, "_png", png)
    picture = cards.cards(tiny_atlas.data("minilm-words"), "umap", {"en": ("x", "x")})["en"]
    shown = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    [drawn] = drawings
    paper = ImageColor.getrgb(cards.PAPER)
    assert (shown[(drawn == paper).all(axis=2)] == paper).all(axis=1).mean() > 0.9
    for color in map(ImageColor.getrgb, PALETTE):
        dots = np.abs(drawn - color).max(axis=2) < 40
        assert not dots.any() or np.abs(shown[dots] - drawn[dots]).mean() < 8


def test_names_of_clusters_are_written_on_it(
    tiny_atlas: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny_atlas.data("minilm-words")
    titles = {"en": ("x", "x")}
    named = drawn(cards.cards(data, "umap", titles)["en"])
    monkeypatch.setattr(cards, "poster_names", lambda *_: [])
    bare = drawn(cards.cards(data, "umap", titles)["en"])
    assert (np.abs(named - bare)[:, 500:] > 100).sum() > 200


def test_what_no_font_can_write_is_left_out(plain: None, tiny_atlas: Built) -> None:
    assert cards.font_for("Zurich", 20) is not None
    assert cards.font_for("地図", 20) is None
    data = tiny_atlas.data("ja-aozora-words")
    (picture,) = cards.cards(data, "umap", {"ja": ("日本語の地図", "アトラス")}).values()
    far = drawn(picture)
    assert (far[200:480, : cards.SIZE[0] - cards.MAP] > 100).sum() == 0
    assert (far > 60).sum() > 2000


@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60), st.integers(60, 400)
)
def test_lines_hold_every_letter_and_are_no_wider_than_the_column(words: str, width: int) -> None:
    font = ImageFont.load_default(24)
    lines = cards.wrapped(words, font, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(font.getlength(line) <= width for line in lines)


def test_japanese_breaks_where_hiragana_end() -> None:
    class Even:
        """A font as wide as it is high."""

        def getlength(self, text: str) -> float:
            return len(text)

    assert cards.wrapped("MiniLM の英単語", Even(), 9) == ["MiniLM の", "英単語"]
    assert cards.wrapped("埋め込みの地図", Even(), 5) == ["埋め込みの", "地図"]
    assert cards.wrapped("埋込空間地図帳", Even(), 3) == ["埋込空", "間地図", "帳"]

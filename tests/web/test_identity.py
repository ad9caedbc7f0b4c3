"""The icon of a site in every form that is asked for."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from atlas.config.site import Site
from atlas.web.identity import PAPER, SIZES, TOUCH, faults, files, publish_identity
from atlas.web.writer import Writer


def published(root: Path, own: str | None) -> tuple[Path, str | None, str]:
    """The folder of the site, its icon of home screens, and its icon."""
    public = root / "public"
    look = publish_identity(
        root, Site(title="A", favicon=own), Writer(public, root / "none", {}), pytest.fail
    )
    return public, look.touch, look.icon


def picture(width: int, height: int, form: str, colour: tuple[int, int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), colour).save(out, form)
    return out.getvalue()


def corner(path: Path, place: tuple[int, int]) -> tuple[int, ...]:
    with Image.open(path) as found:
        colour = found.convert("RGB").getpixel(place)
    assert isinstance(colour, tuple)
    return colour


@pytest.mark.parametrize("form", ["png", "webp"])
@given(width=st.integers(20, 400), height=st.integers(20, 400))
def test_a_picture_of_any_size_gives_all_forms(
    tmp_path_factory: pytest.TempPathFactory, form: str, width: int, height: int
) -> None:
    root = tmp_path_factory.mktemp("icon")
    content = picture(width, height, form, (200, 20, 40, 255))
    (root / f"own.{form}").write_bytes(content)
    public, touch, icon = published(root, f"own.{form}")
    assert (public / icon).read_bytes() == content
    with Image.open(public / "favicon.ico") as ico:
        assert ico.info["sizes"] == {(size, size) for size in SIZES}
    assert touch is not None
    with Image.open(public / touch) as home:
        assert home.size == (TOUCH, TOUCH) and home.mode == "RGB"
    middle = corner(public / touch, (TOUCH // 2, TOUCH // 2))
    assert all(abs(a - b) < 12 for a, b in zip(middle, (200, 20, 40), strict=True))
    if max(width, height) > 3 * min(width, height):  # it is not stretched
        paper = tuple(int(PAPER[place : place + 2], 16) for place in (1, 3, 5))
        assert corner(public / touch, (1, 1)) == paper


def test_an_ico_stays_as_it_is(tmp_path: Path) -> None:
    content = picture(64, 64, "ICO", (1, 2, 3, 255))
    (tmp_path / "own.ico").write_bytes(content)
    public, touch, _ = published(tmp_path, "own.ico")
    assert (public / "favicon.ico").read_bytes() == content and touch is not None


@pytest.mark.parametrize("own", [None, "own.svg"])
def test_what_browsers_ask_for_is_there_without_a_picture(tmp_path: Path, own: str | None) -> None:
    (tmp_path / "own.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    public, touch, icon = published(tmp_path, own)
    assert icon.endswith(".svg") and (touch is None) == (own is not None)
    with Image.open(public / "favicon.ico") as ico:
        assert ico.info["sizes"] == {(size, size) for size in SIZES}


def test_what_a_style_sheet_names_goes_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "css"
    (folder / "img").mkdir(parents=True)
    (tmp_path / "static" / "fonts").mkdir(parents=True)
    (folder / "img" / "a b.png").write_bytes(b"picture")
    (tmp_path / "static" / "fonts" / "f.woff2").write_bytes(b"font")
    (folder / "own.css").write_text(
        "/* url(not.png) */\na { background: url( 'img/a b.png' ) }\n"
        "b { src: url(../fonts/f.woff2#x), url(data:,x), url(https://x.example/y), url(/z) }\n"
        'c { background: url("img/a%20b.png#d"); mask: url(#e) }\n',
        encoding="utf-8",
    )
    site = Site(css=("css/own.css",))
    assert [*faults(tmp_path, site)] == []
    assert files(tmp_path, site) == ("css/own.css", "css/img/a b.png", "css/img/a b.png")
    writer = Writer(tmp_path / "public", tmp_path / "none", {})
    (style,) = publish_identity(tmp_path, site, writer, pytest.fail).styles
    text = (tmp_path / "public" / style).read_text(encoding="utf-8")
    picture, again = re.findall(r'url\("(a%20b\.[0-9a-f]{10}\.png(?:#d)?)"\)', text)
    assert again == f"{picture}#d"
    assert (tmp_path / "public" / "assets" / unquote(picture)).read_bytes() == b"picture"
    for kept in ("url(not.png)", "url(../fonts/f.woff2#x)", "url(data:,x)", "url(/z)", "url(#e)"):
        assert kept in text
    (folder / "own.css").write_text("a {\n b: url(../../x.png) }\nc { d: url(no.png) }\n", "utf-8")
    (tmp_path.parent / "x.png").write_bytes(b"not of this folder")
    assert [*faults(tmp_path, site)] == [
        "site.css[0]: css/own.css, line 2: there is no ../../x.png",
        "site.css[0]: css/own.css, line 3: there is no no.png",
    ]


def test_what_is_no_picture_is_told(tmp_path: Path) -> None:
    (tmp_path / "own.png").write_bytes(b"\x89PNG no")
    (tmp_path / "own.svg").write_text("no", encoding="utf-8")
    told = [*faults(tmp_path, Site(favicon="own.png", logo="own.svg"))]
    assert told == [
        "site.logo: own.svg: is no SVG",
        "site.favicon: own.png: is no picture that can be read; save it anew",
    ]
    (tmp_path / "own.svg").write_text('<?xml version="1.0"?><svg/>', encoding="utf-8")
    assert [*faults(tmp_path, Site(favicon="own.svg", logo="own.svg"))] == []

"""What makes a site its author's: its icon, logo, style sheets, accent and licence."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from atlas.config.site import Accent, Site, text
from atlas.web import own_styles
from atlas.web.palette import PALETTE, contrast, lightened
from atlas.web.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from PIL import Image

PAPER, DARK_PAPER = "#fcfbf8", "#14181c"  # --paper of site.css in both themes
READABLE = 4.5  # the contrast that WCAG 2.2 asks of text
DOTS = ((10, 20, 5), (21, 10, 4), (23, 23, 3))  # of the theme's icon, in 32 units
SIZES = (16, 32, 48)  # of favicon.ico, in pixels
TOUCH = 180  # pixels of the icon of a home screen
TYPES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webp": "image/webp",
}
_FORMATS = {"logo": (*TYPES, ".jpg", ".jpeg", ".gif", ".avif"), "favicon": tuple(TYPES)}
_SPDX = "https://spdx.org/licenses/{}.html"
_COMMONS = "https://creativecommons.org/licenses/{}/{}/"


@dataclass(frozen=True)
class Licence:
    """A licence's name and the address of its text."""

    name: str
    url: str


@dataclass(frozen=True)
class Identity:
    """The files of the site's own look.

    icon     the file of its icon
    kind     the media type of the icon
    touch    the file of the icon of a home screen; None where the site has an SVG of its own
    logo     the file of its logo; None for the theme's
    styles   the files of style sheets after the theme's
    licence  of its texts and data; None where it says nothing
    """

    icon: str
    kind: str
    touch: str | None
    logo: str | None
    styles: tuple[str, ...]
    licence: Licence | None

    def footer(self, site: Site, language: str) -> Markup:
        """The site's line of Markdown at the foot of pages, as HTML."""
        from markdown_it import MarkdownIt

        line = text(site.footer, language)
        return Markup(MarkdownIt("commonmark").renderInline(line))  # noqa: S704  # the author's own


def publish_identity(
    root: Path, site: Site, writer: Writer, warn: Callable[[str], None]
) -> Identity:
    """Write the files of a site's look, of which `faults` tells none."""
    styles = [own_styles.publish(root, name, _read(root, name), writer) for name in site.css]
    if site.accent:
        styles.insert(0, writer.hashed("accent.css", _accent(site.accent, warn)))
    icon, kind, touch = _icon(root, site.favicon, writer)
    logo = None
    if site.logo:
        stem, suffix = Path(site.logo).stem, Path(site.logo).suffix
        logo = writer.hashed(f"{stem}{suffix}", _read(root, site.logo))
    return Identity(icon, kind, touch, logo, tuple(styles), licence(site.licence))


def files(root: Path, site: Site) -> tuple[str, ...]:
    """The files of a site's look, relative to the folder of atlas.toml."""
    linked = (one for name in site.css for one in own_styles.linked(root, name))
    return (*site.css, *linked, *(name for name in (site.logo, site.favicon) if name))


def faults(root: Path, site: Site) -> Iterator[str]:
    """`site.KEY: …` for each file of a site's look that cannot be read, or is no picture."""
    named = [("logo", site.logo), ("favicon", site.favicon)]
    named += [(f"css[{number}]", name) for number, name in enumerate(site.css)]
    for key, name in named:
        try:
            if name:
                content = _read(root, name)
                if key.startswith("css"):
                    told = own_styles.faults(root, name, content)
                    yield from (f"site.{key}: {name}, {fault}" for fault in told)
                if key in _FORMATS:
                    _check_picture(name, content, _FORMATS[key])
        except ValueError as problem:
            yield f"site.{key}: {name}: {problem}"


def licence(said: str) -> Licence | None:
    """A licence by its SPDX identifier or address."""
    if not said:
        return None
    if "://" in said:
        return Licence(said.split("://", 1)[1].strip("/"), said)
    if commons := re.fullmatch(r"CC-(BY(?:-\w{2})*)-(\d\.\d)", said):
        return Licence(said, _COMMONS.format(commons[1].lower(), commons[2]))
    return Licence(said, _SPDX.format(said))


def _read(root: Path, name: str) -> bytes:
    """The content of a file. Raises ValueError."""
    try:
        return (root / name).read_bytes()
    except OSError as problem:
        what = f"cannot be read ({problem.strerror}) in the folder of atlas.toml"
        raise ValueError(what) from problem


def _check_picture(name: str, content: bytes, formats: Sequence[str]) -> None:
    """Raise ValueError for what is no picture in one of some formats, told by their suffixes."""
    suffix = Path(name).suffix.lower()
    if suffix not in formats:
        raise ValueError(f"must be one of {', '.join(formats)}")
    if suffix == ".svg":
        if b"<svg" not in content:
            raise ValueError("is no SVG")
    elif suffix != ".avif":  # which Pillow reads in few builds
        _opened(content)


def _opened(content: bytes) -> Image.Image:
    """A picture. Raises ValueError."""
    from PIL import Image

    try:
        picture = Image.open(io.BytesIO(content))
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as problem:
        raise ValueError("is no picture that can be read; save it anew") from problem
    return picture


def _accent(accent: Accent | str, warn: Callable[[str], None]) -> str:
    """The style sheet of an accent."""
    if isinstance(accent, str):
        accent = Accent(light=accent, dark=lightened(accent, DARK_PAPER, READABLE))
    for name, colour, paper in (("light", accent.light, PAPER), ("dark", accent.dark, DARK_PAPER)):
        if (found := contrast(colour, paper)) < READABLE:
            warn(
                f"site.accent: {colour} stands out from {name} paper by {found:.1f}:1; links need "
                f"{READABLE}:1 to be readable."
            )
    light, dark = f"--accent: {accent.light};", f"--accent: {accent.dark};"
    return (
        f":root {{ {light} }}\n"
        f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}\n'
        f':root[data-theme="dark"] {{ {dark} }}\n'
    )


def _icon(root: Path, own: str | None, writer: Writer) -> tuple[str, str, str | None]:
    """Write the icon of a site: its file, its media type, and the file for home screens.

    Browsers ask for /favicon.ico on their own, so that it is there, too. Of an SVG of the author's
    nothing is drawn: old browsers get the theme's, or what `static/favicon.ico` holds.
    """
    if own:
        suffix = Path(own).suffix.lower()
        content = _read(root, own)
        icon = writer.hashed(f"favicon{suffix}", content)
        if suffix == ".svg":
            writer.write("favicon.ico", _ico(_dots(48)))
            return icon, TYPES[suffix], None
        image = _square(content)
        writer.write("favicon.ico", content if suffix == ".ico" else _ico(image))
        return icon, TYPES[suffix], writer.hashed("apple-touch-icon.png", _touch(image))
    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="{r}" fill="{colour}"/>'
        for (x, y, r), colour in zip(DOTS, PALETTE, strict=False)
    )
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{circles}</svg>'
    writer.write("favicon.ico", _ico(_dots(48)))
    home = writer.hashed("apple-touch-icon.png", _touch(_dots(TOUCH)))
    return writer.hashed("favicon.svg", drawn), TYPES[".svg"], home


def _square(content: bytes) -> Image.Image:
    """The author's picture in a square."""
    from PIL import Image

    picture = _opened(content).convert("RGBA")
    side = max(picture.size)
    square = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return square


def _ico(square: Image.Image) -> bytes:
    """A picture in the sizes of ICO."""
    from PIL import Image

    largest = square.resize((max(SIZES), max(SIZES)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    largest.save(out, "ICO", sizes=[(size, size) for size in SIZES])
    return out.getvalue()


def _touch(square: Image.Image) -> bytes:
    """A picture on paper, as home screens show it: they make what is transparent black."""
    from PIL import Image

    ground = Image.new("RGBA", (TOUCH, TOUCH), PAPER)
    ground.alpha_composite(square.resize((TOUCH, TOUCH), Image.Resampling.LANCZOS))
    out = io.BytesIO()
    ground.convert("RGB").save(out, "PNG", optimize=True)
    return out.getvalue()


def _dots(size: int) -> Image.Image:
    """The theme's icon as a picture of so many pixels a side."""
    from PIL import Image, ImageDraw

    fine = 4
    scale = size * fine / 32
    image = Image.new("RGBA", (size * fine, size * fine), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for (x, y, r), colour in zip(DOTS, PALETTE, strict=False):
        draw.ellipse([(v * scale) for v in (x - r, y - r, x + r, y + r)], fill=colour)
    return image.resize((size, size), Image.Resampling.LANCZOS)

"""The file `_redirects`: where pages of earlier builds are to be found now.

Netlify, Cloudflare and some others read it, and so does `atlas serve`; elsewhere the page for what
is not found leads on. It is made from the old site that a build replaces: its pages that are gone,
and what its own file of this name said.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote, unquote

from atlas.errors import AtlasError
from atlas.web.writer import Writer

FILE = "_redirects"
MOST = 2000  # rules that Cloudflare reads
LINK = "/#?=&%"  # what a link may have as it is


def write_redirects(
    writer: Writer,
    now: Callable[[str], str | None],
    asked: Mapping[str, str],
    base_url: str = "",
    own: str = "",
) -> None:
    """Write the file, for pages of the old site that `writer` did not write. `now` is the address
    of what an old address held, as a link has it, None for what is gone; both are below the root of
    the site.
    `asked` are redirects of atlas.toml, `own` the author's own rules, which go first.

    No file is written where nothing moved, and one that is not the atlas's own is left as it is.
    """
    if FILE not in writer.before and (writer.old / FILE).is_file():
        return
    for old, to in asked.items():
        _lead_on(old, to, base_url, writer)
    pages = {name.removesuffix("index.html") for name in writer.before if _is_page(name)}
    kept = {name.removesuffix("index.html") for name in writer.files if _is_page(name)}
    if FILE in writer.before:
        pages |= read_redirects((writer.old / FILE).read_text(encoding="utf-8")).keys()
    moved = {old: new for old in sorted(pages - kept) if (new := now(old)) is not None}
    if moved or asked or own:
        # The shortest first: pages before the parts of pages, regions before what is in them.
        rules = sorted(moved.items(), key=lambda rule: ("#" in rule[1], rule))[:MOST]
        wanted = [f"/{old} {_place(to)} 301" for old, to in asked.items()]
        lines = [f"/{quote(old)} /{quote(new, safe=LINK)} 301" for old, new in rules]
        head = "# Written by the atlas: pages of earlier builds, and where they are now."
        writer.write(FILE, "\n".join([*own.splitlines(), *wanted, head, *lines]) + "\n")


def _is_page(name: str) -> bool:
    return name.endswith("/index.html")


def read_redirects(text: str) -> Mapping[str, str]:
    """The new address, as a link has it, by the old one, both below the root of the site."""
    rules = (line.split() for line in text.splitlines() if line.startswith("/"))
    return {
        unquote(rule[0][1:]): rule[1].removeprefix("/")
        for rule in rules
        if len(rule) > 1 and not set("*:") & set(rule[0])
    }


def _place(new: str) -> str:
    return new if "://" in new else f"/{new}"


def _lead_on(old: str, new: str, base_url: str, writer: Writer) -> None:
    """Write a page that leads on, for hosts that do not read the file. Raises AtlasError where the
    site has a page there."""
    name = f"{old}index.html" if old.endswith("/") else old if "." in old else f"{old}/index.html"
    if name in writer.files:
        raise AtlasError(f"redirects: the site has a page {old} itself", "Take the redirect out.")
    up = "../" * name.count("/")
    link = escape(new if "://" in new else f"{up}{new}" or "./")
    full = escape(new if "://" in new else f"{base_url}/{new}" if base_url else "")
    canonical = f'<link rel="canonical" href="{full}">' if full else ""
    writer.write(
        name,
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{link}</title>'
        f'<meta name="robots" content="noindex">{canonical}'
        f'<meta http-equiv="refresh" content="0; url={link}"></head>'
        f'<body><p><a href="{link}">{link}</a></p></body></html>\n',
    )

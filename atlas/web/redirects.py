"""The file `_redirects`: where pages of earlier builds are to be found now.

Netlify, Cloudflare and some others read it, and so does `atlas serve`; elsewhere the page for what
is not found leads on. It is made from the old site that a build replaces: its pages that are gone,
and what its own file of this name said.

Hosts read it at the root of what they serve. Old addresses are below that root; where a site is to
stand under a path, a proxy before the host adds that, so new ones are then full addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote, unquote, urlsplit

from atlas.config.faults import nearest
from atlas.config.redirects import last, plain, rule
from atlas.errors import ConfigError
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
    warn: Callable[[str], None] = lambda _: None,
) -> None:
    """Write the file, for pages of the old site that `writer` did not write. `now` is the address
    of what an old address held, as a link has it, None for what is gone; both are below the root of
    the site.
    `asked` are redirects of atlas.toml, `own` the author's rules, patterns of which go last. Raises
    ConfigError where an old address is one of the site, and warns of what leads to nothing.

    No file is written where nothing moved, and one that is not the atlas's own is left as it is.
    """
    if FILE not in writer.before and (writer.old / FILE).is_file():
        return
    asked = {old: last(old, asked) or to for old, to in asked.items()}
    _check(asked, writer, warn)
    for old, to in asked.items():
        _lead_on(old, to, base_url, writer)
    pages = {name.removesuffix("index.html") for name in writer.before if _is_page(name)}
    kept = {name.removesuffix("index.html") for name in writer.files if _is_page(name)}
    if FILE in writer.before:
        pages |= read_redirects((writer.old / FILE).read_text(encoding="utf-8")).keys()
    moved = {old: new for old in sorted(pages - kept) if (new := now(old)) is not None}
    if moved or asked or own:
        # The shortest first: pages before the parts of pages, regions before what is in them.
        rules = sorted(moved.items(), key=lambda row: ("#" in row[1], row))[:MOST]
        root = base_url if urlsplit(base_url).path else ""
        wanted = [f"{rule(old)} {_place(to, root)} 301" for old, to in asked.items()]
        lines = [f"/{quote(old)} {_place(new, root)} 301" for old, new in rules]
        head = "# Written by the atlas: pages of earlier builds, and where they are now."
        first, then = _parts(own)
        writer.write(FILE, "\n".join([*first, *wanted, head, *lines, *then]) + "\n")


def _parts(own: str) -> tuple[list[str], list[str]]:
    """The author's rules up to the first with a pattern, and the others. Cloudflare reads no more
    than a hundred rules from the first pattern on."""
    lines = own.splitlines()
    rules = (row for row, line in enumerate(lines) if set("*:") & set((line.split() or [""])[0]))
    place = next(rules, len(lines))
    return lines[:place], lines[place:]


def _is_page(name: str) -> bool:
    return name.endswith("/index.html")


def read_redirects(text: str, base_url: str = "") -> Mapping[str, str]:
    """The new address, as a link has it, by the old one, both below the root of the site."""
    rules = (line.split() for line in text.splitlines() if line.startswith("/"))
    root = f"{base_url}/" if base_url else "/"
    return {
        unquote(rule[0][1:]): rule[1].removeprefix(root).removeprefix("/")
        for rule in rules
        if len(rule) > 1 and not set("*:") & set(rule[0])
    }


def _place(new: str, root: str) -> str:
    return new if "://" in new else f"{root}/{quote(new, safe=LINK)}"


def _check(asked: Mapping[str, str], writer: Writer, warn: Callable[[str], None]) -> None:
    """Tell of redirects that something stands in the way of, and that lead to nothing."""
    taken = [old for old in asked if _file(old) in writer.files]
    if taken:
        told = [f'redirects."{old}": the site has this page itself' for old in taken]
        raise ConfigError("atlas.toml: redirects from what is there", "Take them out.", told)
    for old, to in asked.items():
        place = plain(to)
        there = {place, f"{place}/index.html".lstrip("/")} & writer.files.keys()
        if "://" not in to and not there:
            pages = [name.removesuffix("index.html") for name in writer.files if _is_page(name)]
            near = nearest(to, pages, "")
            warn(f'redirects."{old}": leads to {to!r}, which the site has not{near}')


def _file(old: str) -> str:
    """The file of a page that leads on."""
    return f"{old}index.html" if old.endswith("/") else old if "." in old else f"{old}/index.html"


def _lead_on(old: str, new: str, base_url: str, writer: Writer) -> None:
    """Write a page that leads on, for hosts that do not read the file."""
    name = _file(old)
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

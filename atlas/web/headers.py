"""The file `_headers`: what a host says of each page and file beside its content.

Netlify and Cloudflare read it, and so does `atlas serve`. Hosts differ in what they send where two
rules match one path, so each path has exactly one: that of the largest folder whose files are all
treated alike, or its own. `*` stands for anything below a folder.

Pages carry the rest of their Content-Security-Policy in a meta element, which cannot hold
frame-ancestors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from urllib.parse import quote

from atlas.web.writer import Writer

FILE = "_headers"
MOST = 100  # rules that Cloudflare reads

Headers = dict[str, str]
Rule = tuple[str, Headers]  # a path, or a folder followed by *, and its headers

PAGE: Headers = {
    "Content-Security-Policy": "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
FRAMED: Headers = PAGE | {"Content-Security-Policy": "frame-ancestors *"}
# For other sites to read. Maps in a sandboxed frame have no origin, so all may fetch.
OPEN: Headers = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
# Files with a digest of their content in their names; others stand at addresses that stay.
LASTING: Headers = {"Cache-Control": "public, max-age=31536000, immutable"} | OPEN


def write_headers(
    pages: Mapping[str, bool], writer: Writer, warn: Callable[[str], None], own: str = ""
) -> None:
    """Write the file for all that `writer` wrote. `pages` are the addresses of pages below the root
    of the site, and whether each is made for frames; `own` are the author's rules, which go first.

    A file of this name that is not the atlas's own is left as it is.
    """
    if FILE not in writer.before and (writer.old / FILE).is_file():
        return
    rules = header_rules(pages, writer.files)
    if len(rules) > MOST:
        warn(f"{FILE} has {len(rules)} rules; Cloudflare reads the first {MOST}.")
    lines = [*own.splitlines(), ""] if own else []
    lines += ["# Written by the atlas from the pages and files of this site."]
    for pattern, headers in rules:
        lines += ["", pattern, *(f"  {name}: {value}" for name, value in headers.items())]
    writer.write(FILE, "\n".join(lines) + "\n")


def header_rules(pages: Mapping[str, bool], files: Iterable[str]) -> list[Rule]:
    """One rule for each path: for pages by their addresses, for other files by their names."""
    treated: dict[str, Headers] = {}
    for name in files:
        if name.startswith(".") or name == "CNAME":
            continue  # for the host itself
        address = name.removesuffix("index.html") if name.endswith("/index.html") else name
        address = "" if name == "index.html" else address
        if address in pages:
            treated[address] = FRAMED if pages[address] else PAGE
        else:
            treated[name] = LASTING if name.startswith("assets/") else OPEN
    return [(pattern, headers.copy()) for pattern, headers in sorted(_rules("", treated))]


def _rules(folder: str, treated: Mapping[str, Headers]) -> Iterator[tuple[str, Headers]]:
    """Rules of all addresses in `treated`, which begin with `folder`: empty, or with a / at its
    end."""
    kinds = {tuple(headers.items()) for headers in treated.values()}
    if folder and len(kinds) == 1:
        yield f"/{quote(folder)}*", next(iter(treated.values()))
        return
    inner: dict[str, dict[str, Headers]] = {}
    for address, headers in treated.items():
        name, slash, _ = address.removeprefix(folder).partition("/")
        if slash:
            inner.setdefault(f"{folder}{name}/", {})[address] = headers
        else:
            yield f"/{quote(address)}", headers
    for name, below in inner.items():
        yield from _rules(name, below)


def read_headers(text: str) -> list[Rule]:
    """The rules of such a file; lines that are neither a path nor a header below one are left
    out."""
    rules: list[Rule] = []
    for line in text.splitlines():
        name, colon, value = line.strip().partition(":")
        if not name or name.startswith("#"):
            continue
        if not line[0].isspace():
            rules.append((line.strip(), {}))
        elif rules and colon:
            rules[-1][1][name.strip()] = value.strip()
    return rules


def headers_of(path: str, rules: Iterable[Rule]) -> Headers:
    """The headers that rules give to the path of a request."""
    found: Headers = {}
    for pattern, headers in rules:
        if fnmatchcase(path, pattern):
            found |= headers
    return found

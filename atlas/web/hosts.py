"""What hosts of static sites take: files, sizes and rules, as their documentation says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atlas.web import headers, redirects

MIB = 1 << 20


@dataclass(frozen=True)
class Host:
    """The limits of a host; 0 where it names none.

    files      most files
    file       most bytes of one
    whole      most bytes of all
    entries    most files and folders of one folder
    headers    most rules of _headers
    redirects  most rules of _redirects
    """

    files: int = 0
    file: int = 0
    whole: int = 0
    entries: int = 0
    headers: int = 0
    redirects: int = 0


HOSTS = {
    # https://developers.cloudflare.com/pages/platform/limits/
    "cloudflare": Host(20_000, 25 * MIB, headers=headers.MOST, redirects=redirects.MOST + 100),
    # https://docs.github.com/pages/getting-started-with-github-pages/github-pages-limits
    "github": Host(file=100 * MIB, whole=1024 * MIB),
    # https://docs.netlify.com/site-deploys/overview: files of one folder alone are limited.
    "netlify": Host(entries=54_000),
    # https://huggingface.co/docs/hub/repositories-recommendations; a Space holds 1 GB.
    "huggingface": Host(100_000, whole=1000**3, entries=10_000),
}


def beyond(public: Path, name: str) -> Iterator[tuple[str, str]]:
    """What of a site is more than a host of this name takes, as (file, what is wrong)."""
    host = HOSTS[name]
    sizes = {
        path.relative_to(public).as_posix(): path.stat().st_size
        for path in public.rglob("*")
        if path.is_file()
    }
    if host.files and len(sizes) > host.files:
        yield ".", f"{len(sizes):,} files; {name} takes {host.files:,}"
    if host.whole and sum(sizes.values()) > host.whole:
        yield ".", f"{sum(sizes.values()):,} bytes; {name} takes {host.whole:,}"
    folders = Counter(path.parent.relative_to(public).as_posix() for path in public.rglob("*"))
    for folder, count in sorted(folders.items()):
        if host.entries and count > host.entries:
            yield folder, f"{count:,} files and folders; {name} takes {host.entries:,} in one"
    for file, size in sorted(sizes.items()):
        if host.file and size > host.file:
            yield file, f"{size:,} bytes; {name} takes {host.file:,}"
    for file, most in ((headers.FILE, host.headers), (redirects.FILE, host.redirects)):
        rules = _rules(public / file)
        if most and rules > most:
            yield file, f"{rules} rules; {name} reads {most}"


def _rules(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return sum(line.startswith(("/", "http")) for line in lines)

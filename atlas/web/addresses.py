"""robots.txt and the sitemap."""

from __future__ import annotations

from collections.abc import Mapping
from xml.sax.saxutils import escape

from atlas.web.writer import Writer


def write_addresses(base_url: str, indexed: Mapping[str, str], writer: Writer) -> None:
    """Write robots.txt and, if there is a base_url, the sitemap, which must hold full addresses.

    `indexed` are the addresses of pages below the root of the site, each with the date of what it
    shows; empty where that is not known.
    """
    if not base_url:
        writer.write("robots.txt", "User-agent: *\nAllow: /\n")
        return
    rows = "".join(
        f"<url><loc>{escape(f'{base_url}/{here}')}</loc>"
        + (f"<lastmod>{date}</lastmod>" if date else "")
        + "</url>\n"
        for here, date in indexed.items()
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    )
    writer.write("sitemap.xml", f"{head}{rows}</urlset>\n")
    writer.write("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base_url}/sitemap.xml\n")

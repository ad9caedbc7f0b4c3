"""robots.txt and the sitemap."""

from __future__ import annotations

from atlas import atlas_toml as settings
from atlas.web.writer import Writer


def write_addresses(config: settings.Config, shown: list[str], writer: Writer) -> None:
    """robots.txt, and with a base_url the sitemap, which must name full addresses."""
    base = config.site.base_url
    if not base:
        writer.write("robots.txt", "User-agent: *\nAllow: /\n")
        return
    rows = "".join(f"<url><loc>{base}/{here}</loc></url>\n" for here in shown)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
    writer.write("sitemap.xml", f"{head}{rows}</urlset>\n")
    writer.write("robots.txt", f"User-agent: *\nAllow: /\nSitemap: {base}/sitemap.xml\n")

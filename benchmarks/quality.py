"""A built site checked by html-validate, the Nu Html Checker and Lighthouse. Needs Node, Java and
Chromium.

    python benchmarks/quality.py [SITE]     SITE is a folder such as site/public; prints one table

The tools come from npm into benchmarks/out/npm, which git ignores. Pages of maps are left out of
Lighthouse, whose trace does not survive software WebGL; benchmarks/page.py measures them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TOOLS = ["html-validate@10.17.0", "vnu-jar@26.9.27", "lighthouse@12.8.2"]
RULES = {
    "extends": ["html-validate:recommended"],
    "rules": {
        "doctype-style": "off",  # lower case is common
        # Plotly's style sheet has an id with a dot.
        "valid-id": ["error", {"relaxed": True}],
        # The search field has a list box, which a select cannot replace.
        "prefer-native-element": ["error", {"exclude": ["listbox"]}],
    },
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


def tools() -> Path:
    folder = HERE / "out" / "npm"
    if not all((folder / "node_modules" / tool.rpartition("@")[0]).is_dir() for tool in TOOLS):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *TOOLS],
            cwd=folder,
            check=True,
        )
    return folder


def kinds(site: Path) -> dict[str, str]:
    """An address for every kind of page, in both languages."""
    pages = {}
    for prefix in ("", "ja/"):
        mapped = sorted(path.name for path in (site / prefix / "maps").iterdir())[-1]
        clusters = sorted(
            path.name
            for path in (site / prefix / "maps" / mapped / "clusters").iterdir()
            if path.is_dir()
        )
        model = sorted(path.name for path in (site / prefix / "models").iterdir())[0]
        pages |= {
            f"{prefix}home": prefix,
            f"{prefix}model": f"{prefix}models/{model}/",
            f"{prefix}map": f"{prefix}maps/{mapped}/",
        }
        listed = f"{prefix}maps/{mapped}/clusters/"
        pages |= {f"{prefix}clusters": listed, f"{prefix}cluster": f"{listed}{clusters[0]}/"}
        pages |= {f"{prefix}{name}": f"{prefix}{name}/" for name in ("about", "embedding")}
        for name in ("compare", "senses", "write-ups"):
            if (site / prefix / name).is_dir():
                inner = sorted(
                    path.name for path in (site / prefix / name).iterdir() if path.is_dir()
                )[0]
                pages |= {f"{prefix}{name}": f"{prefix}{name}/"} if name != "write-ups" else {}
                pages |= {
                    f"{prefix}{name}/map"
                    if name == "compare"
                    else f"{prefix}{name}/one": f"{prefix}{name}/{inner}/"
                }
        for name in ("words", "docs", "docs/how-to", "docs/reference/config"):
            if (site / prefix / name).is_dir():
                pages |= {f"{prefix}{name.rpartition('/')[2]}": f"{prefix}{name}/"}
        pages |= {f"{prefix}embed": f"{prefix}embed/{mapped}/", f"{prefix}404": f"{prefix}404.html"}
    return pages


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "site/public").resolve()
    folder = tools()
    pages = kinds(site)
    files = {
        name: str(site / url / "index.html" if url == "" or url.endswith("/") else site / url)
        for name, url in pages.items()
    }
    (folder / ".htmlvalidate.json").write_text(json.dumps(RULES))

    def said(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, **more
        )

    ran = said(
        ["npx", "html-validate", "--config", ".htmlvalidate.json", "-f", "json", *files.values()]
    )
    validate = {report["filePath"]: report["errorCount"] for report in json.loads(ran.stdout)}
    jar = folder / "node_modules/vnu-jar/build/dist/vnu.jar"
    ran = said(["java", "-jar", str(jar), "--format", "json", "--errors-only", *files.values()])
    nu: dict[str, int] = {}
    for message in json.loads(ran.stderr)["messages"]:
        path = message["url"].removeprefix("file:")
        nu[path] = nu.get(path, 0) + 1
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or "chromium"
    lighthouse = "Lighthouse: performance, accessibility, best practices, SEO"
    print(f"{'page':14} {'html-validate':>13} {'vnu':>5}   {lighthouse}")
    for name, url in pages.items():
        scores = ""
        if not name.endswith(("map", "embed", "404")):
            address = f"http://127.0.0.1:{server.server_address[1]}/{url}"
            command = [
                "npx",
                "lighthouse",
                address,
                "--quiet",
                "--chrome-flags=--headless=new --no-sandbox",
                "--output=json",
            ]
            ran = said(command, env=os.environ | {"CHROME_PATH": chromium})
            scores = "  ".join(
                f"{100 * (category['score'] or 0):.0f}"
                for category in json.loads(ran.stdout)["categories"].values()
            )
        print(
            f"{name:14} {validate.get(files[name], 0):>13} {nu.get(files[name], 0):>5}   {scores}",
            flush=True,
        )
    server.shutdown()


if __name__ == "__main__":
    main()

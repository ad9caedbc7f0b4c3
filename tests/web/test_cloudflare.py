"""The site on Cloudflare's own server for Pages, run here: it reads our headers as we do."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Built
from npm import installed

from atlas.web.headers import FILE, headers_of, read_headers

WRANGLER = "wrangler@4.86.0"
DATE = "2026-01-01"  # of what the server promises; it knows none later than its own

pytestmark = pytest.mark.slow


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str) -> tuple[int, dict[str, str], bytes]:
    try:
        with urllib.request.urlopen(url, timeout=120) as found:
            return found.status, dict(found.headers.items()), found.read()
    except urllib.error.HTTPError as refused:
        return refused.code, dict(refused.headers.items()), refused.read()


@pytest.fixture(scope="module")
def pages(
    tiny_atlas: Built, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """The address of the small atlas on the server, and what the server says."""
    folder = tmp_path_factory.mktemp("wrangler")
    node = installed(folder, WRANGLER)
    port, said = free_port(), folder / "said.txt"
    script = folder / "node_modules" / "wrangler" / "bin" / "wrangler.js"
    serve = f"pages dev {tiny_atlas.public} --ip 127.0.0.1 --compatibility-date {DATE} --port"
    own = {"HOME": str(folder), "WRANGLER_SEND_METRICS": "false", "CI": "1", "NO_COLOR": "1"}
    with said.open("w") as log:
        server = subprocess.Popen(
            [node, str(script), *serve.split(), str(port)],
            cwd=folder,
            env=os.environ | own,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        for _ in range(240):
            if "Ready on" in said.read_text() or server.poll() is not None:
                break
            time.sleep(0.5)
        if "Ready on" not in said.read_text():
            pytest.skip(f"the server does not start here: {said.read_text()[-300:]}")
        yield f"http://127.0.0.1:{port}/", said
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def test_it_takes_every_rule_of_our_headers(pages: tuple[str, Path], tiny_atlas: Built) -> None:
    site, said = pages
    answer(site)
    rules = read_headers((tiny_atlas.public / FILE).read_text(encoding="utf-8"))
    assert f"Parsed {len(rules)} valid header rules" in said.read_text()
    names = [path.relative_to(tiny_atlas.public).as_posix() for path in _some(tiny_atlas.public)]
    assert len(names) > 8
    for name in names:
        status, headers, body = answer(site + re.sub(r"(^|/)index\.html$", r"\1", name))
        assert status == 200 and body == (tiny_atlas.public / name).read_bytes(), name
        had = {key.lower(): value for key, value in headers.items()}
        path = "/" + re.sub(r"(^|/)index\.html$", r"\1", name)
        for key, value in headers_of(path, rules).items():
            assert had[key.lower()] == value, (name, key)


def test_what_is_not_there_has_the_site_s_own_page(
    pages: tuple[str, Path], tiny_atlas: Built
) -> None:
    status, _, body = answer(pages[0] + "nowhere/")
    assert status == 404 and body == (tiny_atlas.public / "404.html").read_bytes()


def _some(public: Path) -> Iterator[Path]:
    """A file of each kind at each of a site's folders."""
    for folder in ("", "ja", "maps/minilm-words", "embed/minilm-words", "data", "assets/maps"):
        seen: set[str] = set()
        for path in sorted((public / folder).glob("*.*")):
            if path.is_file() and path.suffix not in seen and not path.name.startswith(("_", ".")):
                seen.add(path.suffix)
                if path.name != "404.html":
                    yield path

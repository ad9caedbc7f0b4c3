"""The preview server: what it serves, what it refuses, and how it follows changes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chrome import CHROMIUM
from conftest import Built

from atlas.cli.serve import _named, marks, serve, watch
from atlas.cli.server import EVENTS, SCRIPT, Server, State, inject, open_server
from atlas.errors import AtlasError, ConfigError
from atlas.web.check import check

PAGE = "<!doctype html><html lang=en><title>t</title><body><p>{}</p></body></html>"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    public = tmp_path / "public"
    (public / "maps" / "a b").mkdir(parents=True)
    (public / "empty").mkdir()
    (public / "index.html").write_text(PAGE.format("home"))
    (public / "maps" / "a b" / "index.html").write_text(PAGE.format("map"))
    (public / "404.html").write_text(PAGE.format("nothing here"))
    (public / "x.css").write_text("p{}")
    (public / "points.bin").write_bytes(bytes(range(256)))
    (public / ".atlas.json").write_text("{}")
    (tmp_path / "secret.txt").write_text("secret")
    return public


@contextlib.contextmanager
def served(public: Path) -> Iterator[Server]:
    state = State()
    server = open_server("127.0.0.1", 0, public, state)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        state.close()
        server.shutdown()
        server.server_close()
        thread.join()


def get(
    server: Server | str, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """A request with the path exactly as given, which a browser or urllib would tidy up first."""
    port = urlsplit(server if isinstance(server, str) else server.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in ({"Host": f"127.0.0.1:{port}"} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return (
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
        )
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "status", "kind", "holds"),
    [
        ("/", 200, "text/html; charset=utf-8", b"home"),
        ("/?x=1#y", 200, "text/html; charset=utf-8", b"home"),
        ("/maps/a%20b/", 200, "text/html; charset=utf-8", b"map"),
        ("/x.css", 200, "text/css; charset=utf-8", b"p{}"),
        ("/points.bin", 200, "application/octet-stream", bytes(range(256))),
        ("/404.html", 200, "text/html; charset=utf-8", b"nothing here"),
        ("/nope", 404, "text/html; charset=utf-8", b"nothing here"),
        ("/empty/", 404, "text/html; charset=utf-8", b"nothing here"),
        ("/x.css/", 404, "text/html; charset=utf-8", b"nothing here"),
        ("/.atlas.json", 404, "text/html; charset=utf-8", b"nothing here"),
    ],
)
def test_files_and_their_types(site: Path, path: str, status: int, kind: str, holds: bytes) -> None:
    with served(site) as server:
        found, headers, body = get(server, path)
    assert (found, headers["content-type"]) == (status, kind)
    assert holds in body
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert int(headers["content-length"]) == len(body)
    assert (SCRIPT.encode() in body) == kind.startswith("text/html")


def test_an_edition_may_have_its_own_404(site: Path) -> None:
    (site / "ja").mkdir()
    (site / "ja" / "404.html").write_text(PAGE.format("ありません"), encoding="utf-8")
    with served(site) as server:
        assert "ありません" in get(server, "/ja/maps/x/")[2].decode()
        assert b"nothing here" in get(server, "/jaja/x")[2]


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/maps/../../secret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "//../secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/./../secret.txt",
        "/link.txt",
        "/linked/secret.txt",
        "/x.css%00.html",
        "/.git/config",
        "/c:/secret.txt",
        "{absolute}",
        "/{absolute}",
    ],
)
def test_nothing_outside_is_served(site: Path, path: str) -> None:
    (site / "link.txt").symlink_to(site.parent / "secret.txt")
    (site / "linked").symlink_to(site.parent)
    with served(site) as server:
        status, _, body = get(server, path.replace("{absolute}", str(site.parent / "secret.txt")))
    assert status == 404
    assert b"secret" not in body


STRANGERS = [
    "evil.example",
    "localhost.evil.example",
    "",
    "127.0.0.1.evil.example",
    "x@localhost",
    "10.0.0.1",
]


@pytest.mark.parametrize("host", STRANGERS)
def test_another_name_for_this_machine_is_refused(site: Path, host: str) -> None:
    with served(site) as server:
        assert get(server, "/", Host=host)[0] == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1:9", "[::1]:8000", "atlas.localhost"]
)
def test_names_of_this_machine_are_answered(site: Path, host: str) -> None:
    with served(site) as server:
        assert get(server, "/", Host=host)[0] == 200


def test_a_folder_without_its_slash_is_redirected_within_the_site(site: Path) -> None:
    with served(site) as server:
        status, headers, _ = get(server, "/maps/a%20b?x=1")
        assert (status, headers["location"]) == (301, "/maps/a%20b/?x=1")
        status, headers, _ = get(server, "//maps//a%20b")
        assert (status, headers["location"]) == (301, "/maps/a%20b/")


def test_head_and_other_methods(site: Path) -> None:
    with served(site) as server:
        status, headers, body = get(server, "/", "HEAD")
        assert (status, body) == (200, b"")
        assert int(headers["content-length"]) == len(get(server, "/")[2])
        assert get(server, "/", "POST")[0] == 501
        assert get(server, "/", "PUT")[0] == 501


HEADERS = """# a comment
/maps/*
  Content-Security-Policy: default-src 'self'

/points.bin
  Access-Control-Allow-Origin: *
  Cache-Control: immutable
"""


def test_headers_of_the_site(site: Path) -> None:
    (site / "_headers").write_text(HEADERS)
    with served(site) as server:
        assert get(server, "/maps/a%20b/")[1]["content-security-policy"] == "default-src 'self'"
        assert "content-security-policy" not in get(server, "/")[1]
        data = get(server, "/points.bin")[1]
        assert get(server, "/_headers")[0] == 404, "a host does not serve it"
    assert data["access-control-allow-origin"] == "*"
    assert data["cache-control"] == "no-store", (
        "a preview is never cached, however the site is deployed"
    )


def test_headers_are_read_again_after_a_build(site: Path) -> None:
    with served(site) as server:
        assert "x-a" not in get(server, "/")[1]
        (site / "_headers").write_text("/\n  X-A: b: c\n")
        server.state.built()
        assert get(server, "/")[1]["x-a"] == "b: c"
        (site / "_headers").unlink()
        server.state.built()
        assert "x-a" not in get(server, "/")[1]


def test_the_script_goes_before_the_end_of_the_body() -> None:
    assert inject(b"<body>a</body></html>", "7").startswith(b"<body>a<script src=")
    assert inject(b"a</BODY >", "7").endswith(b"</BODY >")
    assert inject(b"no body", "7").startswith(b"no body<script")


def events(server: Server) -> Iterator[dict[str, Any]]:
    port = urlsplit(server.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", EVENTS)
    answer = connection.getresponse()
    assert answer.headers["content-type"] == "text/event-stream"
    try:
        while line := answer.readline():
            if line.startswith(b"data: "):
                yield json.loads(line[6:])
    finally:
        answer.close()
        connection.close()


def test_pages_are_told_of_builds_and_errors(site: Path) -> None:
    with served(site) as server:
        told = events(server)
        first = next(told)
        assert first == {"build": server.state.build, "error": ""}
        assert f'data-build="{first["build"]}"'.encode() in get(server, "/")[2]
        server.state.failed("error: x")
        assert next(told) == {"build": first["build"], "error": "error: x"}
        server.state.built()
        second = next(told)
        assert second["build"] != first["build"]
        assert second["error"] == ""
        told.close()


def test_before_the_first_build_a_page_waits_and_shows_the_error(tmp_path: Path) -> None:
    with served(tmp_path / "public") as server:
        assert get(server, "/")[0] == 503
        server.state.failed("error: <b>")
        status, _, body = get(server, "/any")
    assert status == 503
    assert b"error: &lt;b&gt;" in body
    assert SCRIPT.encode() in body


def test_ports(site: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(AtlasError, match=str(port)) as caught:
            open_server("127.0.0.1", port, site, State())
        assert "--port" in caught.value.hint
    with pytest.raises(AtlasError, match=r"not\.a\.host"):
        open_server("not.a.host.invalid", None, site, State())


def test_the_next_free_port_is_taken(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr("atlas.cli.server.PORT", port)
        server = open_server("127.0.0.1", None, site, State())
        server.server_close()
    assert port < server.server_port < port + 100


def test_marks_leave_out_what_is_not_the_atlas(tmp_path: Path) -> None:
    for name in ("a.html", ".b.swp", "c~", "#d", "node_modules/e", ".git/f", "g/h.css"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert {
        path.relative_to(tmp_path).as_posix() for path in marks([tmp_path, tmp_path / "absent"])
    } == {"a.html", "g/h.css"}


def test_files_of_the_look_are_watched_wherever_they_are(tmp_path: Path) -> None:
    toml = tmp_path / "atlas.toml"
    model = '[[models]]\nid = "a"\nsource = "path:m"\n'
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "bg.png").write_bytes(b"x")
    (tmp_path / "s" / "own.css").write_text("a { background: url(bg.png) }")
    toml.write_text('[site]\ncss = ["s/own.css"]\n' + model)
    named = _named(toml)
    assert named() == [tmp_path / "s" / "own.css", tmp_path / "s" / "bg.png"]
    toml.write_text("[site]\nlogo = 3\n")
    assert named() == [tmp_path / "s" / "own.css", tmp_path / "s" / "bg.png"]
    toml.write_text('[site]\nlogo = "s/logo.svg"\n' + model)
    assert named() == [tmp_path / "s" / "logo.svg"]


def test_watch_tells_changed_new_and_gone_files(tmp_path: Path) -> None:
    stop = threading.Event()
    (tmp_path / "a").write_text("1")
    watched = watch(lambda: [tmp_path], stop)
    assert next(watched) == set()
    (tmp_path / "a").write_text("22")
    (tmp_path / "b").write_text("1")
    assert next(watched) == {tmp_path / "a", tmp_path / "b"}
    (tmp_path / "a").unlink()
    assert next(watched) == {tmp_path / "a"}
    stop.set()
    assert next(watched, None) is None


class Preview:
    """`serve` in a thread, with a build that writes down how it was called and does what it is
    told."""

    def __init__(self, root: Path) -> None:
        self.path, self.output = root / "atlas.toml", root / "public"
        self.path.write_text("")
        (root / "templates").mkdir(exist_ok=True)
        self.calls: list[bool] = []
        self.fault: Exception | None = None
        self.said: list[str] = []
        self.complaints: list[AtlasError] = []
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _build(self, pages_only: bool) -> None:
        self.calls.append(pages_only)
        if self.fault:
            raise self.fault
        self.output.mkdir(exist_ok=True)
        (self.output / "index.html").write_text(PAGE.format(f"build {len(self.calls)}"))

    def _run(self) -> None:
        serve(
            self.path,
            self.output,
            self._build,
            port=0,
            say=self.said.append,
            complain=self.complaints.append,
            stop=self.stop,
        )

    def __enter__(self) -> Preview:
        self.thread.start()
        self.wait(lambda: len(self.calls) == 1)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()

    @property
    def url(self) -> str:
        return self.said[0].split()[1]

    @staticmethod
    def wait(condition: Any, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.02)


def touch(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, ns=(time.time_ns(), time.time_ns()))


def test_a_template_renders_pages_and_the_config_and_corpora_build_all(tmp_path: Path) -> None:
    with Preview(tmp_path) as preview:
        preview.wait(lambda: b"build 1" in get(preview.url, "/")[2])
        touch(tmp_path / "templates" / "a.html", "x")
        preview.wait(lambda: len(preview.calls) == 2)
        touch(preview.path, "# x")
        preview.wait(lambda: len(preview.calls) == 3)
        preview.wait(lambda: b"build 3" in get(preview.url, "/")[2])
        (tmp_path / "corpus").mkdir()
        touch(tmp_path / "corpus" / "en.jsonl", "{}")
        preview.wait(lambda: len(preview.calls) == 4)
    assert preview.calls == [False, True, False, False]
    assert preview.said[1] == "Changed: a.html"
    with pytest.raises(ConnectionRefusedError):
        get(preview.url, "/")


def test_a_failing_build_leaves_the_old_site_and_is_told(tmp_path: Path) -> None:
    with Preview(tmp_path) as preview:
        preview.wait(lambda: b"build 1" in get(preview.url, "/")[2])
        preview.fault = ConfigError(
            "atlas.toml: 1 problem", "Nothing was written.", ["models: missing"]
        )
        touch(preview.path, "# x")
        preview.wait(lambda: len(preview.complaints) == 1)
        status, _, body = get(preview.url, "/")
        assert (status, b"build 1" in body) == (200, True)
        preview.fault = ZeroDivisionError("in a template")
        touch(tmp_path / "templates" / "a.html", "xx")
        preview.wait(lambda: any("ZeroDivisionError" in line for line in preview.said))
        preview.fault = None
        touch(tmp_path / "templates" / "a.html", "xxx")
        preview.wait(lambda: len(preview.calls) == 4)
    # Until the config builds as a whole, pages alone would be those of another config.
    assert preview.calls == [False, False, False, False]


@pytest.mark.browser
def test_an_open_page_reloads_and_shows_errors(tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    with Preview(tmp_path) as preview, sync_api.sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            tab = browser.new_page()
            faults: list[str] = []
            tab.on("pageerror", lambda error: faults.append(str(error)))
            tab.goto(preview.url)
            tab.wait_for_selector("text=build 1")
            touch(tmp_path / "templates" / "a.html", "x")
            tab.wait_for_selector("text=build 2")
            preview.fault = AtlasError("a template is wrong: <i>", "mend it")
            touch(tmp_path / "templates" / "a.html", "xx")
            tab.wait_for_selector("[role=alert]")
            shown = tab.locator("[role=alert]").text_content()
            preview.fault = None
            touch(tmp_path / "templates" / "a.html", "xxx")
            tab.wait_for_selector("text=build 4")
            assert tab.locator("[role=alert]").count() == 0
        finally:
            browser.close()
    assert shown == "error: a template is wrong: <i>\nhint: mend it"
    assert faults == []


@pytest.mark.parametrize("path", ["maps", "a%20b/maps", "~ada/ja"])
def test_a_site_that_stands_under_a_path_is_whole_here_too(frozen_copy: Built, path: str) -> None:
    """Links of the 404 page begin at the root of the host, since any address may show it."""
    frozen_copy.edit("[site]\n", f'[site]\nbase_url = "https://a.example/{path}"\n')
    frozen_copy.build(frozen=True)
    assert check(frozen_copy.public) == []
    with served(frozen_copy.public) as server:
        for place, language in (("/no/such/page", "en"), (f"/{path}/ja/no/", "ja")):
            status, _, body = get(server, place)
            page = body.decode()
            assert status == 404 and f'<html lang="{language}">' in page
            for link in re.findall(r'(?:href|src)="(/[^"]*)"', page):
                if not link.startswith("/.atlas/"):
                    assert get(server, link)[0] == 200, link
        assert get(server, "/about/")[2] == get(server, f"/{path}/about/")[2]
        for name in ("maps/minilm-words/", "ja/maps/minilm-words/"):
            assert b'class="stage' in get(server, f"/{name}")[2]
            assert b'class="stage' in get(server, f"/{path}/{name}")[2]

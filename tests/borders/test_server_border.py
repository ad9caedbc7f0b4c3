"""Whatever is asked of the preview server, it answers, tells nothing from outside the site, and
prints no traceback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cli.test_serve import PAGE, get, served
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from atlas.cli.server import Server

SECRET = b"told by nobody"
PARTS = [
    "..", ".", "%2e%2e", "%2f", "..%2f..", "%5c..%5c", "%00", "a" * 255, "a" * 300, "é", "%ff", "loop", "out",
    "secret.txt", ".atlas.json", "_headers", "maps", "index.html", "//", "[", "]", "?", "#", ":", "%", "*", "~",
]  # fmt: skip
HOSTS = [
    "[",
    "]",
    "[::1",
    "[::1]",
    "localhost",
    "localhost:x",
    "a.example",
    "",
    "127.0.0.1:99999999",
    "::",
    "[v1.x]",
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    public = tmp_path / "public"
    (public / "maps").mkdir(parents=True)
    for name in ("index.html", "maps/index.html", "404.html"):
        (public / name).write_text(PAGE.format("page"))
    (tmp_path / "secret.txt").write_bytes(SECRET)
    (public / ".atlas.json").write_bytes(SECRET)
    (public / "loop").symlink_to("loop")
    (public / "out").symlink_to(tmp_path)
    with served(public) as one:
        yield one


def raw(server: Server, lines: bytes) -> bytes:
    """What the server answers to these bytes."""
    with socket.create_connection(server.server_address[:2], timeout=30) as connection:
        connection.sendall(lines)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(
    path=st.lists(
        st.sampled_from(PARTS) | st.text(st.characters(codec="latin-1"), max_size=8), max_size=5
    ),
    host=st.sampled_from(HOSTS) | st.text(st.characters(codec="latin-1"), max_size=12),
    method=st.sampled_from(["GET", "HEAD"]),
)
@example(path=["a" * 255], host="localhost", method="GET")
@example(path=["a" * 300], host="localhost", method="GET")
@example(path=["", "["], host="localhost", method="GET")
@example(path=["maps"], host="[", method="GET")
@example(path=["loop"], host="localhost", method="GET")
@example(path=["loop", "x"], host="localhost", method="GET")
def test_requests(server: Server, capfd: Any, path: list[str], host: str, method: str) -> None:
    unsafe = str.maketrans("", "", "\r\n ")
    line = (
        f"{method} /{'/'.join(path).translate(unsafe)} HTTP/1.1\r\nHost: {host.translate(unsafe)}"
    )
    answer = raw(server, f"{line}\r\nConnection: close\r\n\r\n".encode("latin-1"))
    assert SECRET not in answer
    assert answer.startswith((b"HTTP/1.1 ", b"<!DOCTYPE", b"<!doctype")), answer[:200]
    said = "".join(capfd.readouterr())
    assert "Traceback" not in said, said


def test_long_and_odd_addresses_are_not_found(server: Server) -> None:
    for path in ("/" + "a" * 255, "/" + "a" * 3000, "/[", "//[", "/loop", "/loop/"):
        assert get(server, path)[0] == 404, path
    assert get(server, "/", Host="[")[0] == 421
    assert get(server, "/maps?a=[")[0] == 301

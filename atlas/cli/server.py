"""The preview server's HTTP half: files of the built site, its deployed headers, and a script that
reloads pages.

It answers GET and HEAD below one folder and nothing else: no listing, no hidden file, no link out
of the folder, and, while it listens on this machine only, no request that names another host (a
page elsewhere could otherwise read the preview by pointing its own name here). The reload script is
added while serving; the files themselves stay as they were built.
"""

from __future__ import annotations

import errno
import html
import ipaddress
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from atlas.errors import AtlasError
from atlas.web import headers as web_headers
from atlas.web import redirects
from atlas.web.headers import Rule, headers_of, read_headers
from atlas.web.redirects import read_redirects
from atlas.web.writer import manifest, path_of

PORT = 8000
EVENTS, SCRIPT = "/.atlas/events", "/.atlas/reload.js"
# Python's own table depends on what the machine has registered.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".webmanifest": "application/manifest+json",
    ".xml": "application/xml; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".tsv": "text/tab-separated-values; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".parquet": "application/vnd.apache.parquet",
}

# Added to pages while they are served: it shows faults, and loads a page again after a build.
RELOAD = Path(__file__).with_name("reload.js").read_text(encoding="utf-8")


class State:
    """What the pages are told: which build they should show, and what is wrong with a newer one."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._begun = f"{time.time_ns():x}"
        self._count = 0
        self.error = ""
        self.closed = False

    @property
    def build(self) -> str:
        """The build that pages should show."""
        return f"{self._begun}-{self._count}"

    def built(self) -> None:
        """Tell that a build went well."""
        with self._changed:
            self._count += 1
            self.error = ""
            self._changed.notify_all()

    def failed(self, error: str) -> None:
        """Tell what is wrong with a build."""
        with self._changed:
            self.error = error
            self._changed.notify_all()

    def close(self) -> None:
        """Tell that the server ends."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def message(self) -> str:
        """The state as JSON."""
        return json.dumps({"build": self.build, "error": self.error})

    def wait(self, told: str, seconds: float) -> str:
        """The message as soon as it differs from the one `told`, or after some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self.message() != told, seconds)
            return self.message()


class Server(ThreadingHTTPServer):
    """Serves `output`, with the headers that its own file names."""

    daemon_threads = True
    allow_reuse_address = sys.platform != "win32"  # there it would let two servers share a port

    def __init__(
        self,
        address: tuple[str, int],
        output: Path,
        state: State,
    ) -> None:
        self.output, self.state = output, state
        self._kept: tuple[str, dict[str, Any]] = "", {}  # the build, and its manifest
        self._texts: dict[str, tuple[str, str]] = {}  # files for hosts: the build, and the text
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, Handler)
        host = str(self.server_address[0])
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.server_address[1]}/"

    @property
    def local(self) -> bool:
        """Whether this machine alone can reach it."""
        return ipaddress.ip_address(str(self.server_address[0])).is_loopback

    @property
    def rules(self) -> list[Rule]:
        """The headers of the site as it is now; none where it has no such file."""
        return read_headers(self._for_hosts(web_headers.FILE))

    @property
    def redirects(self) -> Mapping[str, str]:
        """The redirects of the site as it is now; none where it has no such file."""
        return read_redirects(
            self._for_hosts(redirects.FILE), str(self._record().get("base_url", ""))
        )

    @property
    def base(self) -> str:
        """The path under which the site is to stand: empty, or with a / at its end."""
        path = path_of(self._record())
        return f"{path}/" if path else ""

    def _record(self) -> dict[str, Any]:
        """The manifest of the last build; empty where there is none."""
        build, record = self._kept
        if build != self.state.build:
            record = manifest(self.output) or {}
            self._kept = self.state.build, record
        return record

    def _for_hosts(self, name: str) -> str:
        """A file that is made for hosts, as the last build left it; empty where there is none."""
        build, text = self._texts.get(name, ("", ""))
        if build != self.state.build:
            build, text = self.state.build, ""
            with suppress(OSError, ValueError):
                text = (self.output / name).read_text(encoding="utf-8")
            self._texts[name] = build, text
        return text

    def server_bind(self) -> None:
        """Bind to the address."""
        # The parent's would look up the machine's name, which takes seconds where there is no
        # resolver.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = (
            str(self.server_address[0]),
            int(self.server_address[1]),
        )

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of errors, but not of a reader who went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # handed on


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "atlas", ""
    timeout = 60

    def do_GET(self) -> None:
        """Answer with a file of the site."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer with the headers of a file."""
        self._answer()

    def log_message(self, *_: object, **__: object) -> None:
        """Nothing: the terminal belongs to the build."""

    def _answer(self) -> None:
        # Not urlsplit: it reads `//[` as a host, and fails.
        path = self._below(self.path.partition("#")[0].partition("?")[0])
        if self.server.local and not _names_this_machine(self.headers.get("Host", "")):
            self._send(
                HTTPStatus.MISDIRECTED_REQUEST,
                b"This preview answers to localhost only.\n",
                TYPES[".txt"],
            )
        elif path == EVENTS:
            self._events()
        elif path == SCRIPT:
            self._send(HTTPStatus.OK, RELOAD.encode(), TYPES[".js"])
        else:
            self._file(path)

    def _below(self, path: str) -> str:
        """The path of a request below the root of the site, which also stands where it is to stand
        on its host: links of the 404 page, which any address may show, begin there."""
        base = self.server.base
        plain = unquote(path, errors="replace")
        own = self.server.output / plain.lstrip("/")
        if not base or not plain.startswith(f"/{base}") or own.is_file():
            return path
        if (own / "index.html").is_file():  # a folder of the site has the name of that path
            return path
        return "/" + quote(plain.removeprefix(f"/{base}"))

    def _file(self, path: str) -> None:
        parts = [part for part in unquote(path, errors="replace").split("/") if part]
        # A hidden name is never part of a site, and `..` is one; a colon or backslash is a path of
        # its own on Windows. Hosts do not serve the files that are written for them.
        found = None
        if parts not in ([web_headers.FILE], [redirects.FILE]) and not any(
            part.startswith(".") or set(part) & set("\\:\0") for part in parts
        ):
            found = self.server.output.joinpath(*parts)
            if os.path.isdir(found):  # noqa: PTH112  # False for a name that is too long
                if parts and not path.endswith("/"):
                    self._redirect("/" + "/".join(quote(part) for part in parts) + "/")
                    return
                found /= "index.html"
            elif path.endswith("/"):
                found = None
        content = self._read(found) if found else None
        if (content is None or found is None) and (to := self._moved("/".join(parts))):
            self._redirect(to if "://" in to else f"/{quote(to, safe=redirects.LINK)}")
        elif content is None or found is None:
            self._missing(path)
        else:
            self._send(
                HTTPStatus.OK,
                content,
                TYPES.get(found.suffix.lower(), "application/octet-stream"),
                path,
            )

    def _moved(self, old: str) -> str | None:
        """The address of what stood at an old one, below the root of the site."""
        known = self.server.redirects
        return known.get(f"{old}/", known.get(old))

    def _read(self, path: Path) -> bytes | None:
        try:
            inside = path.resolve(strict=True).is_relative_to(self.server.output.resolve())
            return path.read_bytes() if inside and path.is_file() else None
        except (OSError, RuntimeError, ValueError):  # RuntimeError: links in a circle
            return None

    def _missing(self, path: str) -> None:
        if not (self.server.output / "index.html").is_file():
            error = (
                html.escape(self.server.state.error)
                or "The site is being built; this page will show it."
            )
            text = (
                '<!doctype html><html lang="en"><title>atlas</title><body>'
                f"<pre>{error}</pre></body></html>"
            )
            self._send(HTTPStatus.SERVICE_UNAVAILABLE, text.encode(), TYPES[".html"])
            return
        edition = (
            path.split("/")[1] if re.match(r"/[a-z-]+/", path) else ""
        )  # `ja` has a page of its own
        page = self._read(self.server.output / edition / "404.html") or self._read(
            self.server.output / "404.html"
        )
        self._send(
            HTTPStatus.NOT_FOUND,
            page or b"<!doctype html><title>Not found</title>Not found",
            TYPES[".html"],
        )

    def _redirect(self, to: str) -> None:
        query = self.path.partition("#")[0].partition("?")[2]
        self.send_response(HTTPStatus.MOVED_PERMANENTLY)
        place, mark, part = to.partition("#")
        self.send_header("Location", (f"{place}?{query}" if query else place) + mark + part)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, status: HTTPStatus, content: bytes, kind: str, path: str | None = None) -> None:
        if kind == TYPES[".html"]:
            content = inject(content, self.server.state.build)
        headers = {"X-Content-Type-Options": "nosniff"}
        headers |= headers_of(path, self.server.rules) if path else {}
        # What is being worked on is never taken from a cache, whatever the deployed site says.
        headers |= {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _events(self) -> None:
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        told = ""
        while self.command != "HEAD" and not self.server.state.closed:
            message = self.server.state.wait(told, 15)
            # A line that says nothing finds out whether anybody still listens.
            self.wfile.write(f"data: {message}\n\n".encode() if message != told else b":\n\n")
            self.wfile.flush()
            told = message


def open_server(host: str, port: int | None, output: Path, state: State) -> Server:
    """A server on a port, or where none is asked for on the first free one from 8000 on.

    Raises AtlasError when the port asked for, or the address, cannot be had.
    """
    for candidate in range(PORT, PORT + 100) if port is None else (port,):
        try:
            return Server((host, candidate), output, state)
        except PermissionError as problem:
            raise AtlasError(
                f"port {candidate}: not allowed", "Choose one above 1023."
            ) from problem
        except OSError as problem:
            if port is not None or problem.errno != errno.EADDRINUSE:
                message = f"{host}, port {candidate}: {problem.strerror or problem}"
                raise AtlasError(message, "Choose another --port, or leave it out.") from problem
    raise AtlasError(f"No free port from {PORT} to {PORT + 99}", "Name one with --port.")


def inject(page: bytes, build: str) -> bytes:
    """A page with the reload script before the end of its body."""
    script = f'<script src="{SCRIPT}" data-build="{build}"></script>'.encode()
    ends = list(re.finditer(rb"</body\s*>", page, re.IGNORECASE))
    place = ends[-1].start() if ends else len(page)
    return page[:place] + script + page[place:]


def _names_this_machine(host: str) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "") if re.fullmatch(r"[\w.:\[\]-]+", host) else ""
        return (
            name == "localhost"
            or name.endswith(".localhost")
            or ipaddress.ip_address(name).is_loopback
        )
    except ValueError:
        return False

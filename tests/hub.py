"""A stand-in for the model hub on the loopback interface: the few endpoints that huggingface_hub
calls, and a count of bytes."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit


def commit_of(name: str) -> str:
    """A commit's name: 40 hexadecimal digits."""
    return hashlib.sha1(name.encode()).hexdigest()


class Hub:
    """Serves folders as models. `repos[name]` is a dict from revision to (commit, folder); `gated`
    and `hidden` names are refused.

    `sent` counts the bytes of bodies by file, `requests` keeps method and path of each request.
    """

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, tuple[str, Path]]] = {}
        self.gated: set[str] = set()
        self.hidden: set[str] = set()
        self.sent: Counter[str] = Counter()
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": self})
        )
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def add(self, repo: str, folder: Path, version: str = "1") -> str:
        """Put a folder under `main` (which moves there) and under its commit."""
        commit = commit_of(repo + version)
        self.repos.setdefault(repo, {}).update({"main": (commit, folder), commit: (commit, folder)})
        return commit

    def __enter__(self) -> Hub:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *_: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

    def answer(self, form: str = "") -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if found := re.fullmatch(
            r"/api/models/([^/]+/[^/]+)(?:/(revision|tree|paths-info)/([^/]+)(/.*)?)?", path
        ):
            repo, what, revision = found[1], found[2] or "revision", found[3] or "main"
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            repo, what, revision = found[1], "resolve", found[2]
        else:
            self.refuse(404, "")
            return
        if repo in self.hub.gated and what != "revision":
            self.refuse(403, "GatedRepo")
        elif repo in self.hub.hidden:
            self.refuse(401, "")
        elif repo not in self.hub.repos:
            self.refuse(401, "RepoNotFound")
        elif revision not in self.hub.repos[repo]:
            self.refuse(404, "RevisionNotFound")
        else:
            commit, folder = self.hub.repos[repo][revision]
            files = {file.name: file for file in sorted(folder.iterdir()) if file.is_file()}
            if what == "resolve":
                self.give(files.get(found[3]), commit)
            elif what == "revision":
                names = [{"rfilename": name} for name in files]
                self.say(
                    {
                        "_id": "0",
                        "id": repo,
                        "modelId": repo,
                        "sha": commit,
                        "private": False,
                        "tags": [],
                        "siblings": names,
                    }
                )
            else:
                listed = [
                    {"type": "file", "oid": commit, "size": file.stat().st_size, "path": name}
                    for name, file in files.items()
                ]
                self.say(
                    [
                        entry
                        for entry in listed
                        if what == "tree"
                        or f"paths={entry['path']}" in unquote(form).split("&")
                        or f'"{entry["path"]}"' in form
                    ]
                )

    def give(self, file: Path | None, commit: str) -> None:
        if file is None:
            self.refuse(404, "EntryNotFound", commit)
            return
        content = file.read_bytes()
        total, status, extra = len(content), 200, {}
        if span := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(span[1]), min(int(span[2] or total - 1), total - 1)
            content, status, extra = (
                content[first : last + 1],
                206,
                {"Content-Range": f"bytes {first}-{last}/{total}"},
            )
        tag = hashlib.sha256(str(file).encode()).hexdigest()
        extra |= {
            "ETag": f'"{tag}"',
            "X-Repo-Commit": commit,
            "Accept-Ranges": "bytes",
            "X-Linked-Size": str(total),
        }
        self.send(status, content, extra, file.name)

    def say(self, value: Any) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"}, "api")

    def refuse(self, status: int, code: str, commit: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": "refused"} if code else {}
        self.send(status, b"{}", headers | ({"X-Repo-Commit": commit} if commit else {}), "api")

    def send(self, status: int, content: bytes, headers: dict[str, str], what: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
            self.hub.sent[what] += len(content)

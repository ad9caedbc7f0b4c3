"""Limits of hosts, and the workflow for one."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Built
from huggingface_hub import SpaceCard
from typer.testing import CliRunner

from atlas.cli.commands import app
from atlas.cli.new import WORKFLOW, init
from atlas.web import hosts
from atlas.web.hosts import Host, beyond


def test_what_a_host_does_not_take_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hosts.HOSTS, "small", Host(3, 10, 30, headers=1, redirects=1))
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "fits").write_bytes(bytes(10))
    assert list(beyond(tmp_path, "small")) == []
    (tmp_path / "a" / "large").write_bytes(bytes(11))
    (tmp_path / "_headers").write_text("/x\n  A: 1\n/y\n  A: 1\n")
    (tmp_path / "_redirects").write_text("# no\n/x /y 301\n")
    assert list(beyond(tmp_path, "small")) == [
        (".", "4 files; small takes 3"),
        (".", "56 bytes; small takes 30"),
        ("_headers", "20 bytes; small takes 10"),
        ("_redirects", "15 bytes; small takes 10"),
        ("a/large", "11 bytes; small takes 10"),
        ("_headers", "2 rules; small reads 1"),
    ]


def test_the_workflow_builds_checks_and_publishes_what_atlas_takes(tmp_path: Path) -> None:
    assert tmp_path / WORKFLOW in init(tmp_path, github=True)
    found = yaml.safe_load((tmp_path / WORKFLOW).read_text(encoding="utf-8"))
    steps = found["jobs"]["publish"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert [run for run in runs if run.startswith("atlas ")] == [
        "atlas build .",
        "atlas check . --host github",
    ]
    build = next(step for step in steps if step.get("run") == "atlas build .")
    assert build["env"]["ATLAS_BASE_URL"] == "${{ steps.pages.outputs.base_url }}"
    assert any(step.get("with") == {"path": "public"} for step in steps)
    assert WORKFLOW not in [path.name for path in init(tmp_path / "other")]


def test_a_space_is_that_of_the_atlas_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "atlas.toml").write_text(
        '[site]\ntitle = { ja = "私の地図" }\nlanguages = ["ja"]\n'
        '[[models]]\nid = "a"\nsource = "hub:ada/one"\nlanguage = "ja"\n'
        '[[models.maps]]\nname = "words"\n'
        f'[[models]]\nid = "b"\nsource = "path:{tmp_path.as_posix()}"\nlanguage = "ja"\n'
        '[[models.maps]]\nname = "words"\n',
        encoding="utf-8",
    )
    init(tmp_path, huggingface=True, force=True)
    card = SpaceCard.load(tmp_path / "static" / "README.md")
    assert (card.data.title, card.data.models) == ("私の地図", ["ada/one"])


class Space(BaseHTTPRequestHandler):
    """A stand-in for the hub that takes commits to one Space. `held` are its files."""

    held: dict[str, bytes]

    def log_message(self, *_: Any) -> None: ...

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer: dict[str, Any] = {"errors": [], "warnings": []}
        if self.path == "/api/repos/create":
            answer = {"url": f"http://{self.headers['Host']}/spaces/me/atlas"}
        elif self.path.endswith("/preupload/main"):
            asked = json.loads(body)["files"]
            mode = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            answer = {"files": [{"path": one["path"], **mode} for one in asked]}
        elif self.path.endswith("/commit/main"):
            for line in body.splitlines():
                told = json.loads(line)
                if told["key"] == "file":
                    content = base64.b64decode(told["value"]["content"])
                    self.held[told["value"]["path"]] = content
            url = f"http://{self.headers['Host']}/spaces/me/atlas/commit/{'0' * 40}"
            answer = {"success": True, "commitUrl": url, "commitOid": "0" * 40}
        raw = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST


@pytest.mark.slow
def test_a_site_becomes_a_space_of_its_models(frozen_copy: Built, tmp_path: Path) -> None:
    """By the hub's own client, as the documentation says."""
    held: dict[str, bytes] = {}
    made = tmp_path / "new"
    init(made, models=["google-bert/bert-base-uncased", str(tmp_path)], huggingface=True)
    shutil.copytree(made / "static", frozen_copy.root / "static")
    frozen_copy.build(frozen=True)
    assert list(beyond(frozen_copy.public, "huggingface")) == []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Space,), {"held": held}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    hf = "from huggingface_hub.cli.hf import main; main()"
    where = {"HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}", "HF_TOKEN": "hf_none"}
    done = subprocess.run(
        [sys.executable, "-c", hf, "upload", "me/atlas", ".", ".", "--repo-type", "space"],
        cwd=frozen_copy.public,
        env=plain | where | {"HF_HOME": str(tmp_path / "hf")},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    server.shutdown()
    server.server_close()
    assert done.returncode == 0, done.stderr[-3000:]
    files = [path for path in frozen_copy.public.rglob("*") if path.is_file()]
    assert held == {
        path.relative_to(frozen_copy.public).as_posix(): path.read_bytes() for path in files
    }
    card = SpaceCard(held["README.md"].decode()).data
    assert (card.sdk, card.app_file, card.title) == ("static", "index.html", "My embedding atlas")
    assert card.models == ["google-bert/bert-base-uncased"]


def test_a_folder_of_too_many_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hosts.HOSTS, "small", Host(entries=2))
    for name in ("a/x", "a/y", "a/z", "b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert list(beyond(tmp_path, "small")) == [("a", "3 files and folders; small takes 2 in one")]


def test_a_host_that_is_not_known_is_told(tmp_path: Path) -> None:
    init(tmp_path)
    result = CliRunner().invoke(app, ["check", str(tmp_path), "--host", "clodflare"])
    assert result.exit_code != 0
    assert "no host that is known" in str(result.exception)

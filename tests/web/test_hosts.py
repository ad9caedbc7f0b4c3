"""Limits of hosts, and the workflow for one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
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


def test_a_host_that_is_not_known_is_told(tmp_path: Path) -> None:
    init(tmp_path)
    result = CliRunner().invoke(app, ["check", str(tmp_path), "--host", "clodflare"])
    assert result.exit_code != 0
    assert "no host that is known" in str(result.exception)

"""The check of a site says the same in one process and in several."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import Built

from atlas.web import check


def test_several_processes_find_the_same(
    tiny_atlas: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "public"
    shutil.copytree(tiny_atlas.public, public)
    pages = sorted(public.rglob("*.html"))
    assert len(pages) > 30
    pages[3].unlink()
    pages[20].write_text('<p id="a"><p id="a"><a href="nowhere/">x</a>', encoding="utf-8")
    (public / "robots.txt").write_text("x", encoding="utf-8")
    alone = check.check(public)
    assert len(alone) > 4
    monkeypatch.setattr(check, "_PART", 7)
    told: list[tuple[int, int]] = []
    assert check.check(public, jobs=3, progress=lambda *how: told.append(how)) == alone
    assert told == sorted(told) and told[-1][0] == told[-1][1]
    assert {total for _, total in told} == {told[0][1]}

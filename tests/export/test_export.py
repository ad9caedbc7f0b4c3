"""What an export refuses to do, and where it writes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from exporting import run

from atlas.errors import AtlasError, DataError, UsageError


@pytest.mark.parametrize("kind", ["parquet", "csv", "html", "tensorboard"])
def test_nothing_is_overwritten_without_force(awkward: Path, kind: str) -> None:
    output = awkward / "out"
    run(awkward, kind, output)
    before = {path: path.stat().st_mtime_ns for path in [output, *output.rglob("*")]}
    with pytest.raises(AtlasError, match="is there already") as caught:
        run(awkward, kind, output)
    assert "--force" in caught.value.hint
    assert before == {path: path.stat().st_mtime_ns for path in [output, *output.rglob("*")]}
    assert run(awkward, kind, output, force=True)


def test_a_folder_as_output_takes_the_file(awkward: Path) -> None:
    (awkward / "there").mkdir()
    assert run(awkward, "csv", awkward / "there") == [awkward / "there" / "m-words.csv"]
    assert [path.name for path in (awkward / "there").iterdir()] == ["m-words.csv"], (
        "nothing half-written stays beside"
    )


@pytest.mark.parametrize("kind", ["parquet", "csv", "html", "embedding-atlas"])
def test_a_pipe_takes_what_a_file_would_hold(awkward: Path, kind: str) -> None:
    pipe, file = awkward / "pipe", awkward / "file"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        run(awkward, kind, pipe, force=True)
        run(awkward, kind, file)
        assert read.result(timeout=60) == file.read_bytes()
    assert pipe.is_fifo()


def test_a_link_stays_one(awkward: Path) -> None:
    (awkward / "link").symlink_to("aim")
    run(awkward, "csv", awkward / "link")
    assert (awkward / "link").is_symlink() and (awkward / "aim").read_bytes()
    with pytest.raises(AtlasError, match="is there already"):
        run(awkward, "csv", awkward / "link")


def test_what_cannot_be_exported_is_told(awkward: Path) -> None:
    with pytest.raises(UsageError, match="did you mean m-words"):
        run(awkward, "csv", awkward / "out", map_id="m-word")
    with pytest.raises(UsageError, match="no such format"):
        run(awkward, "xml", awkward / "out")
    with pytest.raises(DataError, match="no atlas data"):
        run(awkward, "csv", awkward / "out", map_id="m-x")
    (awkward / "file").touch()
    with pytest.raises(AtlasError, match="is a file"):
        run(awkward, "tensorboard", awkward / "file", force=True)
    with pytest.raises(AtlasError, match="cannot be written"):
        run(awkward, "csv", awkward / "file" / "below")

"""The store keeps what it is given, whole, and notices what is not."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydantic import BaseModel, ConfigDict, Field

from atlas.engine import artifact
from atlas.engine.record import Record
from atlas.engine.store import Store
from atlas.errors import StageError, StoreError
from atlas.maps.records import Layout
from atlas.spaces.records import Averages, Vectors, Vocabulary

KEY = "ab" * 32
OTHER = "cd" * 32


def vectors(value: float = 1.0, rows: int = 50) -> Vectors:
    return Vectors(np.full((rows, 4), value, np.float32), "weight")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def files(store: Store) -> list[str]:
    return sorted(
        str(path.relative_to(store.root)) for path in store.root.rglob("*") if path.is_file()
    )


def json_values() -> st.SearchStrategy[Any]:
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
    )
    return st.recursive(
        plain,
        lambda deeper: st.lists(deeper).map(tuple) | st.dictionaries(st.text(), deeper),
        max_leaves=8,
    )


@settings(max_examples=30)
@given(
    values=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=0),
        elements=st.floats(width=32),
    ),
    fortran=st.booleans(),
    tensor=st.text(),
)
def test_arrays_come_back_as_they_were(values: np.ndarray, fortran: bool, tensor: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.write(KEY, Vectors(np.asfortranarray(values) if fortran else values, tensor), {}, 0.0)
        found = store.read(KEY, Vectors)
        assert found.values.shape == values.shape and found.values.dtype == values.dtype
        assert found.values.tobytes() == values.tobytes()  # also NaN and -0.0
        assert found.tensor == tensor
        assert store.has(KEY) and store.verify(KEY) == []


@settings(max_examples=30)
@given(parameters=st.dictionaries(st.text(), json_values()), tokens=st.lists(st.text()).map(tuple))
def test_json_comes_back_as_it_was_tuples_too(
    parameters: dict[str, Any], tokens: tuple[str, ...]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.write(KEY, Layout(np.zeros((1, 2), np.float32), parameters), {}, 0.0)
        store.write(
            OTHER,
            Vocabulary(tokens, tokens, ("word",) * len(tokens), ("",) * len(tokens), "bpe"),
            {},
            0.0,
        )
        assert store.read(KEY, Layout).parameters == parameters
        assert store.read(OTHER, Vocabulary).tokens == tokens


def test_arrays_are_mapped_and_cannot_be_written_to(store: Store) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    found = store.read(KEY, Vectors)
    assert isinstance(found.values, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        found.values[0, 0] = 2


def test_the_layout_on_disk(store: Store) -> None:
    store.write(
        KEY,
        Vectors(np.ones((2, 3), np.float32), "重み"),
        {"stage": "vectors", "inputs": []},
        1.23456,
    )
    folder = store.root / "ab" / KEY
    assert files(store) == [
        f"ab/{KEY}/{name}" for name in ("manifest.json", "values.json", "values.npy")
    ]
    assert (folder / "values.json").read_text("utf-8") == '{"tensor": "重み"}'
    manifest = store.manifest(KEY)
    assert manifest["record"] == "Vectors"
    assert manifest["recipe"] == {"stage": "vectors", "inputs": []}
    assert manifest["seconds"] == 1.235
    assert manifest["libraries"]["numpy"] == np.__version__
    assert manifest["written"].endswith("Z")
    for name, facts in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert facts == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_the_first_writer_wins(store: Store) -> None:
    store.write(KEY, vectors(1), {}, 0.0)
    before = (store.path(KEY) / "manifest.json").stat()
    store.write(KEY, vectors(2), {}, 0.0)
    after = (store.path(KEY) / "manifest.json").stat()
    found = store.read(KEY, Vectors)
    assert found.values[0, 0] == 1
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert len(files(store)) == 3


def truncate(folder: Path) -> None:
    os.truncate(folder / "values.npy", 100)


def lengthen(folder: Path) -> None:
    with (folder / "values.npy").open("ab") as file:
        file.write(b"x")


def lose_file(folder: Path) -> None:
    (folder / "values.json").unlink()


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def cut_manifest(folder: Path) -> None:
    os.truncate(folder / "manifest.json", 40)


def change_manifest(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest = change(manifest) or manifest
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return damage


DAMAGE = {
    "a truncated array": truncate,
    "a longer array": lengthen,
    "no values": lose_file,
    "no manifest": lose_manifest,
    "half a manifest": cut_manifest,
    "a manifest that is a list": change_manifest(lambda manifest: [manifest]),
    "a manifest that is a number": change_manifest(lambda manifest: 7),
    "files that are a list": change_manifest(
        lambda manifest: manifest.update(files=["values.npy"])
    ),
    "a file without a size": change_manifest(
        lambda manifest: manifest["files"]["values.npy"].pop("size")
    ),
    "a record that is no name": change_manifest(lambda manifest: manifest.update(record=7)),
    "a file by a path": change_manifest(
        lambda manifest: manifest["files"].update(
            {f"../{KEY}/values.npy": manifest["files"].pop("values.npy")}
        )
    ),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_artifact_counts_as_absent_and_is_replaced(
    store: Store, damage: Callable[[Path], None]
) -> None:
    store.write(KEY, vectors(1), {}, 0.0)
    damage(store.path(KEY))
    assert not store.has(KEY)
    assert store.verify(KEY) != []
    store.write(KEY, vectors(2), {}, 0.0)
    found = store.read(KEY, Vectors)
    assert found.values[0, 0] == 2
    assert store.has(KEY) and store.verify(KEY) == [] and len(files(store)) == 3


def test_an_artifact_that_is_a_file_is_replaced(store: Store) -> None:
    store.path(KEY).parent.mkdir(parents=True)
    store.path(KEY).write_text("in the way")
    assert not store.has(KEY)
    store.write(KEY, vectors(), {}, 0.0)
    assert store.has(KEY)


def sign(folder: Path) -> None:
    """Let an artifact's manifest say what its files are now."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        data = (folder / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        manifest["files"][name] = {"size": len(data), "sha256": digest}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["values.npy", "values.json"])
@settings(
    max_examples=40,
    suppress_health_check=list(HealthCheck),
)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_flipped_bit_is_read(store: Store, name: str, place: float, bit: int) -> None:
    store.delete(KEY)
    store.write(KEY, vectors(), {}, 0.0)
    path = store.path(KEY) / name
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1 << bit
    path.write_bytes(content)
    assert store.has(KEY), "a plain look compares sizes"
    with pytest.raises(StoreError, match="changed since it was written"):
        store.read(KEY, Vectors)


def test_a_process_reads_an_artifact_to_check_it_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    hashed: list[Path] = []
    real = artifact.sha256
    monkeypatch.setattr(artifact, "sha256", lambda path: hashed.append(path) or real(path))
    for _ in range(3):
        store.read(KEY, Vectors)
    assert sorted(path.name for path in hashed) == ["values.json", "values.npy"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("values.npy", b"garbage"),
        ("values.npy", b"\x93NUMPY\x01\x00" + b"garbage"),
        ("values.json", b"[1]"),
        ("values.json", b'{"tensor": 1, "more": 2}'),
        ("values.json", b"\xff\xfe"),
    ],
)
def test_reading_a_tampered_artifact_says_what_to_do(
    store: Store, name: str, content: bytes
) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    (store.path(KEY) / name).write_bytes(content)
    with pytest.raises(StoreError, match=rf"{KEY}/{name}: changed since it was written") as caught:
        store.read(KEY, Vectors)
    assert "atlas build --verify" in caught.value.hint
    sign(store.path(KEY))
    with pytest.raises(StoreError, match=KEY) as caught:
        store.read(KEY, Vectors)
    assert "Delete that folder" in caught.value.hint


class Trap:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "save",
    [
        lambda path, trap: np.save(path, np.array([trap])),
        lambda path, trap: path.write_bytes(pickle.dumps(trap)),
    ],
)
def test_reading_runs_no_code(
    store: Store, tmp_path: Path, save: Callable[[Path, Trap], None]
) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    save(store.path(KEY) / "values.npy", Trap(tmp_path / "sprung"))
    sign(store.path(KEY))
    with pytest.raises(StoreError, match="damaged"):
        store.read(KEY, Vectors)
    assert not (tmp_path / "sprung").exists()


def test_reading_checks_the_record(store: Store) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    np.save(store.path(KEY) / "values.npy", np.zeros(3))
    sign(store.path(KEY))
    with pytest.raises(StoreError, match=r"must be \(v, d\) float32"):
        store.read(KEY, Vectors)


def test_a_record_is_read_as_the_class_it_is(store: Store) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    with pytest.raises(StoreError, match="holds Vectors, not Layout") as caught:
        store.read(KEY, Layout)
    assert "Delete that folder" in caught.value.hint
    # Averages are Vectors; an artifact is the class that was written, and no other.
    with pytest.raises(StoreError, match="holds Vectors, not Averages"):
        store.read(KEY, Averages)


class Told(BaseModel):
    """A model as data files have them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    values: tuple[float, ...]
    more: dict[str, tuple[int, int] | None] = Field(default_factory=dict)


@settings(max_examples=30)
@given(
    st.text(),
    st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    st.dictionaries(st.text(), st.none() | st.tuples(st.integers(), st.integers())),
)
def test_models_come_back_as_they_were(
    name: str, values: list[float], more: dict[str, tuple[int, int] | None]
) -> None:
    told = Told(name=name, values=tuple(values), more=more)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        store.write(KEY, told, {}, 0.0)
        assert store.manifest(KEY)["record"] == "Told"
        assert store.read(KEY, Told) == told


def test_a_model_that_is_not_json_is_the_stages_fault(store: Store) -> None:
    with pytest.raises(StageError, match="Told cannot be stored"):
        store.write(KEY, Told(name="", values=(float("nan"),)), {}, 0.0)
    assert files(store) == []


def test_a_model_of_an_older_shape_is_damaged(store: Store) -> None:
    store.write(KEY, Told(name="", values=()), {}, 0.0)
    (store.path(KEY) / "values.json").write_text('{"name": "", "old": 1}')
    sign(store.path(KEY))
    with pytest.raises(StoreError, match="damaged"):
        store.read(KEY, Told)


def test_reading_what_is_not_there(store: Store) -> None:
    with pytest.raises(StoreError, match="no such artifact"):
        store.read(KEY, Vectors)
    with pytest.raises(StoreError, match="no such artifact"):
        store.manifest(KEY)
    assert store.verify(KEY) != []
    assert not store.has(KEY)


def test_only_verify_hashes(store: Store) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    path = store.path(KEY) / "values.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert store.has(KEY)
    assert store.verify(KEY) == [f"{path}: changed since it was written"]


class Homemade(Record):
    pass


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Homemade(), "Homemade cannot be stored"),
        (Layout(np.zeros((1, 2), np.float32), {"x": float("nan")}), "Layout cannot be stored"),
        (Layout(np.zeros((1, 2), np.float32), {"x": np.int64(1)}), "int64"),
        (Layout(np.zeros((1, 2), np.float32), {"x": "\ud83d"}), "surrogates"),
    ],
)
def test_a_record_that_is_not_arrays_and_json_is_the_stages_fault(
    store: Store, record: Record, message: str
) -> None:
    with pytest.raises(StageError, match=message):
        store.write(KEY, record, {}, 0.0)
    assert files(store) == [] and not store.has(KEY)


def test_a_store_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written") as caught:
        Store(tmp_path / "file" / "store").write(KEY, vectors(), {}, 0.0)
    assert "permissions" in caught.value.hint


def test_a_full_disk_leaves_nothing_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store.write(OTHER, vectors(), {}, 0.0)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left on device") as caught:
        store.write(KEY, vectors(), {}, 0.0)
    assert "free space" in caught.value.hint
    assert list(store.keys()) == [OTHER]
    assert not any(".tmp-" in name for name in files(store))


def test_delete(store: Store) -> None:
    store.write(KEY, vectors(), {}, 0.0)
    size = sum((store.root / name).stat().st_size for name in files(store))
    assert store.delete(KEY) == size
    assert files(store) == [] and list(store.keys()) == []
    assert store.delete(KEY) == 0


def test_a_reader_keeps_its_arrays_when_the_artifact_goes(store: Store) -> None:
    store.write(KEY, vectors(3), {}, 0.0)
    found = store.read(KEY, Vectors)
    store.delete(KEY)
    assert found.values.sum() == 3 * 200


def test_prune_keeps_what_is_wanted_and_fresh_litter(store: Store) -> None:
    old, fresh = store.root / "ab" / ".tmp-old", store.root / "cd" / ".tmp-fresh"
    for key in (KEY, OTHER):
        store.write(key, vectors(), {}, 0.0)
    for litter in (old, fresh):
        litter.mkdir()
        (litter / "values.npy").write_bytes(b"x" * 1000)
    store.note_progress(KEY, 0.5)
    store.note_progress(OTHER, 0.5)
    yesterday = time.time() - 2 * 86400
    for path in (old, store.root / "progress" / KEY):
        os.utime(path, (yesterday, yesterday))
    size = sum(path.stat().st_size for path in store.path(KEY).iterdir())
    assert store.prune({OTHER}) == (1, size + 1000 + len("0.5000"))
    assert list(store.keys()) == [OTHER]
    assert not old.exists() and fresh.exists()
    assert store.progress(KEY) is None and store.progress(OTHER) == 0.5
    assert store.prune({OTHER}, age=0) == (0, 1000 + len("0.5000"))
    assert not fresh.exists() and store.has(OTHER)


def test_a_store_that_is_not_there_is_empty(store: Store) -> None:
    assert list(store.keys()) == []
    assert store.prune(set()) == (0, 0)
    assert not store.root.exists()


def test_progress(store: Store) -> None:
    assert store.progress(KEY) is None
    store.note_progress(KEY, 0.25)
    store.note_progress(KEY, 0.75)
    assert store.progress(KEY) == 0.75
    store.forget_progress(KEY)
    store.forget_progress(KEY)
    assert store.progress(KEY) is None and files(store) == []


def test_progress_is_never_a_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / "file")
    store.note_progress(KEY, 0.5)
    assert store.progress(KEY) is None
    store.forget_progress(KEY)


def test_looking_for_many_artifacts_takes_no_time(store: Store) -> None:
    keys = [hashlib.sha256(bytes([number])).hexdigest() for number in range(30)]
    for key in keys:
        store.write(key, vectors(), {}, 0.0)
    begin = time.perf_counter()
    assert all(store.has(key) for key in keys)
    assert time.perf_counter() - begin < 30  # measured: 3 ms

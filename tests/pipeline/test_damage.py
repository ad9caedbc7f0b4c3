"""Damage and refusals: flipped bits, damaged atlas data, data of strangers, read-only file systems,
files that nobody may read."""

from __future__ import annotations

import copy
import errno
import json
import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import Built, Silent

from atlas import atlas_toml as config
from atlas.cli.commands import _run, app
from atlas.engine.store import Store
from atlas.errors import AtlasError, DataError, StoreError
from atlas.pipeline.compute import compute
from atlas.pipeline.options import Options, Summary
from atlas.pipeline.places import Places
from atlas.web.check import check
from atlas.web.writer import MANIFEST

MAP = "minilm-words"


def flip(path: Path, place: float = 0.5) -> None:
    """Flip a bit, and leave size and time as they were, as a disk does."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def run(*arguments: object) -> int:
    """The command; its exit code."""
    return _run(lambda: app([str(argument) for argument in arguments], standalone_mode=True))


def truncated(path: Path) -> None:
    """Half of the file."""
    os.truncate(path, path.stat().st_size // 2)


def other_bytes(path: Path) -> None:
    """As many bytes of nothing."""
    path.write_bytes(b"x" * path.stat().st_size)


def other_columns(path: Path) -> None:
    """A Parquet file with the recipe, and without a column."""
    found = pq.read_table(path)
    pq.write_table(found.drop_columns(["text"]), path)


def fewer_rows(path: Path) -> None:
    """A Parquet file that the JSON file does not agree with."""
    found = pq.read_table(path)
    pq.write_table(found.slice(0, found.num_rows - 1), path)


def other_recipe(path: Path) -> None:
    """A Parquet file of another build."""
    found = pq.read_table(path)
    pq.write_table(found.replace_schema_metadata({b"atlas_recipe": b"1"}), path)


DAMAGE = (truncated, other_bytes, other_columns, fewer_rows, other_recipe, flip)


def test_damaged_data_are_made_again_from_the_store(atlas_copy: Built) -> None:
    memory = atlas_copy.root / ".atlas" / "data.json"
    path = atlas_copy.root / "data" / f"{MAP}.parquet"
    whole = path.read_bytes()
    settings = config.load(atlas_copy.toml)
    places = Places.of(settings)
    summary = Summary(places.output)
    for damage in DAMAGE:
        for remembered in (True, False):
            if not remembered:
                if damage is flip:  # a table that reads well is believed by who does not know it
                    continue
                memory.unlink()
            damage(path)
            assert path.read_bytes() != whole
            compute(settings, Options(offline=True), places, Silent(), pytest.fail, summary)
            assert path.read_bytes() == whole, (damage, remembered)
            assert summary.computed == 0
    truncated(path)
    atlas_copy.build()
    assert check(atlas_copy.public) == []
    before = path.stat()
    assert atlas_copy.build().written == 0
    assert path.stat().st_mtime_ns == before.st_mtime_ns, "what is whole is not written again"


def test_changed_json_is_made_again_from_the_store(atlas_copy: Built) -> None:
    paths = sorted((atlas_copy.root / "data").glob("*.json"))
    for path in paths:
        found = json.loads(path.read_text(encoding="utf-8")) or {}  # null: no tokenizer to publish
        found["built"] = "1999-01-01T00:00:00Z"
        path.write_text(json.dumps(found), encoding="utf-8")
    atlas_copy.build()
    for path in paths:
        assert "1999-01-01" not in path.read_text(encoding="utf-8"), path.name


def test_a_flipped_bit_of_the_site_is_told_and_mended(atlas_copy: Built) -> None:
    public = atlas_copy.public
    names = sorted(
        path.relative_to(public).as_posix() for path in public.rglob("*") if path.is_file()
    )
    whole = {name: (public / name).read_bytes() for name in names}
    chance = random.Random(0)
    chosen = [*chance.sample(names, 12), MANIFEST, f"data/{MAP}.parquet"]
    for name in chosen:
        flip(public / name, chance.random())
    told = check(public)  # a flipped bit may also break a link
    assert MANIFEST in {file for file, _ in told}
    changed = [file for file, problem in told if "changed" in problem and file != MANIFEST]
    assert not changed, "what a damaged manifest says is not believed"
    (public / MANIFEST).write_bytes(whole[MANIFEST])
    assert {file for file, problem in check(public) if "changed" in problem} == {
        name for name in chosen if name != MANIFEST
    }
    assert run("check", atlas_copy.root) == 1
    assert run("build", atlas_copy.root, "--offline", "--verify") == 0
    assert run("check", atlas_copy.root) == 0
    assert {name: (public / name).read_bytes() for name in names} == whole


def test_no_flipped_bit_is_shared_with_the_next_site(atlas_copy: Built) -> None:
    public = atlas_copy.public
    name = next(path.name for path in (public / "assets" / "maps").glob("*.bin"))
    damaged = [f"data/{MAP}.parquet", f"assets/maps/{name}", "robots.txt"]
    whole = [(public / one).read_bytes() for one in damaged]
    for one in damaged:
        flip(public / one)
    atlas_copy.edit("Tiny atlas", "Small atlas")
    atlas_copy.build()
    assert [(public / one).read_bytes() for one in damaged] == whole
    assert check(public) == []


def test_a_file_of_the_site_that_was_written_to_is_noticed_by_a_plain_build(
    frozen_copy: Built,
) -> None:
    frozen_copy.build(frozen=True)
    page = frozen_copy.public / "index.html"
    whole = page.read_bytes()
    page.write_bytes(whole.replace(b"Tiny", b"Tinx"))
    assert frozen_copy.build(frozen=True).written == 1
    assert page.read_bytes() == whole


def test_a_flipped_bit_of_the_store_is_computed_anew(
    atlas_copy: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    data = {path.name: path.read_bytes() for path in (atlas_copy.root / "data").glob("*.parquet")}
    store = Store(atlas_copy.root / ".atlas" / "store")
    kinds: dict[str, Path] = {}
    for key in store.keys():  # noqa: SIM118  # a store is no mapping
        manifest = store.manifest(key)
        large = max(manifest["files"], key=lambda name: manifest["files"][name]["size"])
        kinds.setdefault(manifest["recipe"]["stage"], store.path(key) / large)
    for stage, path in kinds.items():
        if stage not in ("pitfall", "families", "senses"):  # they take long
            flip(path)
    assert run("check", atlas_copy.root, "--store") == 1
    told = capsys.readouterr()
    assert told.out.count("changed since it was written") >= 10
    assert "atlas build --verify" in told.err
    assert run("build", atlas_copy.root, "--offline", "--verify", "--executor", "serial") == 0
    assert run("check", atlas_copy.root, "--store") == 0
    assert {
        path.name: path.read_bytes() for path in (atlas_copy.root / "data").glob("*.parquet")
    } == data


def test_nothing_is_computed_from_a_flipped_bit(atlas_copy: Built) -> None:
    store = Store(atlas_copy.root / ".atlas" / "store")
    before = {path.name: path.read_bytes() for path in (atlas_copy.root / "data").iterdir()}
    [key] = [
        key
        for key in store.keys()  # noqa: SIM118  # a store is no mapping
        if store.manifest(key)["record"] == "Vectors"
        and store.manifest(key)["files"]["values.npy"]["size"] > 40_000_000
    ]
    flip(store.path(key) / "values.npy")
    atlas_copy.edit('name = "words"\ntitle', 'name = "words"\nseed = 7\ntitle')
    with pytest.raises(StoreError, match="changed since it was written") as caught:
        atlas_copy.build()
    assert "atlas build --verify" in caught.value.hint
    assert {path.name: path.read_bytes() for path in (atlas_copy.root / "data").iterdir()} == before


def _leaves(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to every value in a JSON value."""
    if way:
        yield way
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _leaves(value[key], (*way, key))


HOSTILE: tuple[Any, ...] = (
    "../../../../outside/x",
    "/outside/x",
    "a\0b",
    '"><script>alert(1)</script>',
    "",
    -1,
    10**9,
    1e308,
    None,
    [],
    {},
    [0],
)


def test_data_of_a_stranger_are_refused_or_shown_and_write_nothing_outside(awkward: Path) -> None:
    atlas = Built(awkward)
    atlas.edit(', { name = "x" }', "")
    path = awkward / "data" / "m-words.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    ways = [(way, value) for way in _leaves(told) for value in HOSTILE]
    strings = [  # all of these, and some of the others
        (("clusters", 0, "slug"), HOSTILE[0]),
        (("map", "id"), HOSTILE[0]),
        (("map", "name"), HOSTILE[0]),
        (("map", "clustered_on"), HOSTILE[0]),
        (("model", "id"), HOSTILE[0]),
        (("model", "language"), HOSTILE[3]),
    ]
    for way, value in [*strings, *random.Random(0).sample(ways, 40)]:
        found = copy.deepcopy(told)
        place = found
        for key in way[:-1]:
            place = place[key]
        place[way[-1]] = value
        path.write_text(json.dumps(found), encoding="utf-8")
        if (way, value) in strings:
            with pytest.raises(DataError, match=str(way[-1])):
                atlas.build(frozen=True)
            continue
        with suppress(AtlasError):  # any other error fails the test
            atlas.build(frozen=True)
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as atlas data"):
        atlas.build(frozen=True)
    assert {one.name for one in awkward.iterdir()} <= {"atlas.toml", "data", "public", ".atlas"}


def test_a_projection_with_the_name_of_a_path_is_refused(awkward: Path) -> None:
    atlas = Built(awkward)
    atlas.edit(', { name = "x" }', "")
    bad = "../../../x"
    path = awkward / "data" / "m-words.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"pca"', f'"{bad}"'))
    table = awkward / "data" / "m-words.parquet"
    found = pq.read_table(table)
    pq.write_table(
        found.rename_columns([name.replace("pca", bad) for name in found.column_names]), table
    )
    with pytest.raises(DataError, match="projections"):
        atlas.build(frozen=True)
    assert isinstance(found, pa.Table)


@pytest.fixture
def read_only(awkward: Path, tmp_path_factory: Any) -> Iterator[Callable[[], Path]]:
    """Puts a built atlas on a file system that then is read-only, and gives its folder."""
    place = tmp_path_factory.mktemp("read-only")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount(8)")
    if done.returncode:
        pytest.skip("this machine does not let us mount")

    def sealed() -> Path:
        atlas = Built(awkward)
        atlas.edit(', { name = "x" }', "")
        atlas.build(frozen=True)
        subprocess.run(["cp", "-a", f"{awkward}/.", str(place)], check=True)
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        return place

    yield sealed
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_read_only_file_system(
    read_only: Callable[[], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = read_only()
    assert run("build", root, "--frozen") == 0, "nothing is to be done"
    other = tmp_path / "elsewhere"
    assert run("build", root, "--frozen", "-o", other) == 0
    assert check(other) == []
    assert run("check", root) == 0
    capsys.readouterr()
    assert run("clean", root) == 1
    told = capsys.readouterr().err
    assert f"{root}/public/" in told and "Read-only file system" in told
    assert run("build", other.parent / "x", "-o", other) == 2
    assert run("build", root, "--frozen", "-o", root / "new") == 1
    told = capsys.readouterr().err
    assert f"{root}/new: cannot be written (Read-only file system)" in told


@pytest.mark.parametrize(
    "name", ["templates/404.html", "data/m-words.parquet", "data/m-words.json", "templates/x.css"]
)
def test_the_file_that_may_not_be_read_is_named(
    awkward: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    atlas = Built(awkward)
    atlas.edit(', { name = "x" }', "")
    path = awkward / name
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_text("x")
    refuse_to_open(path, monkeypatch)
    assert run("build", awkward, "--frozen") == 1
    told = capsys.readouterr().err
    assert f"error: {path}: cannot be read" in told and "Permission denied" in told
    assert ".atlas:" not in told


def refuse_to_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody open a file: the tests may run as root, whom no permission stops."""
    import io

    real = io.open

    def guarded(file: Any, *rest: Any, **named: Any) -> Any:
        if isinstance(file, str | os.PathLike) and Path(file) == path:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
        return real(file, *rest, **named)

    monkeypatch.setattr("io.open", guarded)
    monkeypatch.setattr("builtins.open", guarded)


def test_a_map_cannot_have_the_file_of_another_thing(
    awkward: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml = awkward / "atlas.toml"
    toml.write_text(
        '[[models]]\nid = "inputs"\nsource = "path:m"\nmaps = [{ name = "embeds" }]\n[pitfall]\n'
    )
    assert run("build", awkward, "--frozen") == 1
    told = capsys.readouterr().err
    assert "models[0].maps[0].name: the map id 'inputs-embeds'" in told
    toml.write_text(f'[[models]]\nid = "{"m" * 99}"\nsource = "path:m"\n')
    assert run("build", awkward, "--frozen") == 1
    assert "has 105 characters" in capsys.readouterr().err

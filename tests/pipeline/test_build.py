"""`atlas build` from end to end: what runs again and what does not, what fails and what then stays,
and interruptions."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import CHECKOUT, Built, Silent

from atlas import atlas_toml as config
from atlas.engine.store import Store
from atlas.errors import AtlasError, DataError, ModelError, StageError, UsageError
from atlas.maps import gather
from atlas.maps.stages.cluster import cluster
from atlas.pipeline.build import build
from atlas.pipeline.options import Options
from atlas.pipeline.status import status
from atlas.web.check import check
from atlas.web.redirects import read_redirects

HUB = '\n[[models]]\nid = "far"\nsource = "hub:nobody/nothing"\noptional = true\n'


def files(folder: Path) -> dict[str, str]:
    """Digest of every file."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in found
    }


def marks(folder: Path) -> dict[str, tuple[int, int]]:
    found = {
        path.relative_to(folder).as_posix(): path.stat()
        for path in folder.rglob("*")
        if path.is_file()
    }
    return {
        name: (stat.st_ino, stat.st_mtime_ns)
        for name, stat in found.items()
        if not name.endswith("build.lock")
    }


def atlas(*arguments: object, **environment: str) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    variables = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "PYTEST_CURRENT_TEST")
    }
    command = [sys.executable, "-m", "atlas", *map(str, arguments)]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=variables | environment,
        cwd=CHECKOUT,
        start_new_session=True,
    )


def test_a_build_with_nothing_to_do_loads_nothing_that_computes_or_renders(
    atlas_copy: Built,
) -> None:
    atlas_copy.build()  # its files have other times than those that were copied
    code = """
import sys
from atlas.cli.commands import main
try:
    main(["build", "--offline", sys.argv[1]])
except SystemExit as left:
    assert not left.code
print(*sorted({name.partition(".")[0] for name in sys.modules}))
print(*sorted(name for name in sys.modules if name.startswith("atlas.")))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, atlas_copy.root], capture_output=True, text=True, check=True
    )
    assert "nothing changed" in done.stderr
    loaded, own = (set(line.split()) for line in done.stdout.splitlines())
    heavy = "PIL huggingface_hub jinja2 markdown_it openTSNE pandas plotly pyarrow rich scipy"
    heavy += " sklearn tokenizers torch transformers yaml"
    assert not loaded & set(heavy.split())
    assert not {name for name in own if name.endswith((".view", ".pages", ".compose"))}


def ran(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit code and all that it said."""
    out, error = process.communicate(timeout=120)
    return process.returncode, out + error


def test_a_second_build_computes_nothing_and_writes_nothing(atlas_copy: Built) -> None:
    atlas_copy.build()  # which sees that the copy's files are as they were
    before = marks(atlas_copy.root)
    report = Silent()
    summary = atlas_copy.build(report)
    assert (summary.computed, summary.written, report.ran) == (0, 0, [])
    assert summary.cached > 15
    after = marks(atlas_copy.root)
    assert {name for name in after if after[name] != before.get(name)} == set()
    assert before.keys() == after.keys()


def test_a_new_seed_computes_what_depends_on_it(atlas_copy: Built) -> None:
    other = files(atlas_copy.root / "data")["ja-aozora-words.parquet"]
    atlas_copy.edit('name = "words"\ntitle', 'name = "words"\nseed = 7\ntitle')
    rows = status(config.load(atlas_copy.toml), Options(offline=True))
    waiting = {row["task"] for row in rows if row["state"] == "to run"}
    report = Silent()
    summary = atlas_copy.build(report)
    what = [
        "umap",
        "tsne",
        "pca",
        "random",
        "arrange umap",
        "arrange tsne",
        "arrange pca",
        "foremost",
        "cluster",
        "titles",
        "label umap",
        "label tsne",
        "label pca",
        "measure",
        "landmarks",
    ]
    assert set(report.ran) == {f"minilm-words: {name}" for name in what} == waiting
    assert summary.computed == len(what)
    assert atlas_copy.data("minilm-words").about.map.seed == 7
    assert files(atlas_copy.root / "data")["ja-aozora-words.parquet"] == other
    assert check(atlas_copy.public) == []


def test_cluster_sizes_leave_layouts_alone(atlas_copy: Built) -> None:
    atlas_copy.edit(
        'first = 1500 }\nclusters = { coarse = 40, fine = 20 }\nprojections = ["umap", "pca"]',
        'first = 1500 }\nclusters = { coarse = 60, fine = 20 }\nprojections = ["umap", "pca"]',
    )
    report = Silent()
    atlas_copy.build(report)
    assert set(report.ran) == {
        f"ja-aozora-words: {name}" for name in ("cluster", "titles", "label umap", "label pca")
    }


def test_a_new_title_computes_nothing(atlas_copy: Built) -> None:
    data = marks(atlas_copy.root / "data")
    atlas_copy.edit("English words", "Words of English")
    report = Silent()
    summary = atlas_copy.build(report)
    assert (summary.computed, report.ran) == (0, [])
    assert summary.written > 0
    assert marks(atlas_copy.root / "data") == data
    assert "Words of English" in (atlas_copy.public / "index.html").read_text(encoding="utf-8")


def test_a_map_that_is_taken_out_leaves_the_site(whole_copy: Built) -> None:
    text = whole_copy.toml.read_text(encoding="utf-8")
    whole = files(whole_copy.public)
    begin, end, compared = (
        text.rindex("[[models]]\n"),
        text.index("[[landmarks]]\n"),
        text.index("[[compare]]\n"),
    )
    whole_copy.toml.write_text(text[:begin] + text[end:compared], encoding="utf-8")
    whole_copy.build()
    assert not (whole_copy.public / "maps" / "ja-aozora-words").exists()
    assert "ja-aozora" not in "".join(
        path.read_text(encoding="utf-8") for path in whole_copy.public.rglob("*.html")
    )
    assert check(whole_copy.public) == []
    whole_copy.toml.write_text(text, encoding="utf-8")
    report = Silent()
    whole_copy.build(report)
    assert report.ran == []
    again = files(whole_copy.public)
    # One model alone has pages of other words, which are led on from now on.
    rules = read_redirects((whole_copy.public / "_redirects").read_text(encoding="utf-8"))
    assert all(to.startswith(("words/?w=", "ja/words/?w=")) for to in rules.values())
    for name in ("_redirects", "_headers", ".atlas.json"):
        again.pop(name)
        whole.pop(name, None)
    assert again == whole


def test_refresh_runs_a_stage_again(atlas_copy: Built) -> None:
    before = files(atlas_copy.public)
    report = Silent()
    atlas_copy.build(report, refresh=("label",))
    assert {label for label in report.ran if "label" in label} == set(report.ran)
    assert len(report.ran) == 5
    after = files(atlas_copy.public)
    changed = {name for name in after if after[name] != before.get(name)}
    assert not {
        name for name in changed if name.endswith((".bin", ".webp", ".parquet"))
    }  # the same results again


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_what_an_author_wrote_is_checked_before_a_stage_runs(
    atlas_copy: Built, monkeypatch: pytest.MonkeyPatch, executor: str
) -> None:
    """What is to be refreshed is still there, and no process is left; of an installation that
    lacks something, too, this is told first."""
    (atlas_copy.root / "content").mkdir(exist_ok=True)
    (atlas_copy.root / "content" / "a.md").write_text("{{ mapp }}", encoding="utf-8")
    store = marks(atlas_copy.root / ".atlas" / "store")
    report, children = Silent(), multiprocessing.active_children()
    with pytest.raises(AtlasError, match=r"a\.md"):
        atlas_copy.build(report, refresh=("label",), executor=executor)
    assert report.ran == [] and marks(atlas_copy.root / ".atlas" / "store") == store
    assert multiprocessing.active_children() == children

    def lacking() -> None:
        raise AtlasError("torch is not installed")

    monkeypatch.setattr("atlas.pipeline.compute._need_models", lacking)
    with pytest.raises(AtlasError, match=r"a\.md"):
        atlas_copy.build(report, refresh=("label",), executor=executor)
    (atlas_copy.root / "content" / "a.md").unlink()
    with pytest.raises(AtlasError, match="torch"):
        atlas_copy.build(report, refresh=("label",), executor=executor)


FROZEN = """
import sys

class Refuse:
    banned = {"torch", "sklearn", "openTSNE", "transformers", "umap", "fugashi", "scipy",
              "huggingface_hub", "tokenizers", "safetensors", "regex"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.banned:
            raise ModuleNotFoundError(f"{name} is not installed", name=name)

sys.meta_path.insert(0, Refuse())
import runpy
runpy.run_module("atlas", run_name="__main__", alter_sys=True)
"""


def test_frozen_renders_the_same_bytes_with_the_light_half_alone(frozen_copy: Built) -> None:
    other = frozen_copy.root / "other"
    command = [
        sys.executable,
        "-c",
        FROZEN,
        "build",
        str(frozen_copy.root),
        "--frozen",
        "--output",
        str(other),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=CHECKOUT, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert files(other) == files(frozen_copy.public)
    command.remove("--frozen")
    done = subprocess.run(
        [*command, "--offline"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, "to compute, libraries are needed"
    assert "Traceback" not in done.stderr
    assert "--frozen" in done.stderr or "[models]" in done.stderr


def test_frozen_without_data_says_which_are_missing(frozen_copy: Built) -> None:
    before = marks(frozen_copy.public)
    (frozen_copy.root / "data" / "ja-aozora-words.json").unlink()
    with pytest.raises(DataError, match=r"ja-aozora-words\.json: missing"):
        frozen_copy.build(frozen=True)
    assert marks(frozen_copy.public) == before
    assert frozen_copy.build(frozen=True, only=("minilm",)).maps == 1


def test_damaged_data_leave_the_old_site(frozen_copy: Built) -> None:
    before = marks(frozen_copy.public)
    path = frozen_copy.root / "data" / "minilm-words.parquet"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(DataError, match=r"minilm-words\.parquet: not a readable Parquet file"):
        frozen_copy.build(frozen=True)
    assert marks(frozen_copy.public) == before


def test_data_that_were_lost_are_gathered_again(atlas_copy: Built) -> None:
    before = files(atlas_copy.root / "data")
    (atlas_copy.root / "data" / "minilm-words.parquet").unlink()
    report = Silent()
    atlas_copy.build(report)
    assert report.ran == []
    after = files(atlas_copy.root / "data")
    assert after["minilm-words.parquet"] == before["minilm-words.parquet"]


@pytest.fixture
def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub at a loopback port where nobody listens."""
    for name in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")


@pytest.mark.usefixtures("unreachable")
def test_an_optional_model_out_of_reach_is_a_warning(atlas_copy: Built) -> None:
    before = marks(atlas_copy.public)
    text = atlas_copy.toml.read_text(encoding="utf-8")
    atlas_copy.toml.write_text(text + HUB, encoding="utf-8")
    with pytest.raises(AtlasError, match=r"1 warning\(s\), and --strict is on"):
        atlas_copy.build(offline=False, strict=True)
    assert marks(atlas_copy.public) == before
    summary = atlas_copy.build(offline=False)
    assert summary.maps == 2
    assert len(summary.warnings) == 1
    assert "far is left out" in summary.warnings[0]
    assert (
        not (atlas_copy.root / "atlas.lock").exists()
        or "nobody" not in (atlas_copy.root / "atlas.lock").read_text()
    )
    assert atlas_copy.build(offline=True, strict=True).warnings == []  # nobody expects it offline
    atlas_copy.toml.write_text(text + HUB.replace("optional = true\n", ""), encoding="utf-8")
    with pytest.raises(ModelError, match="nobody/nothing"):
        atlas_copy.build(offline=False)
    assert check(atlas_copy.public) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"only": ("minilm-wrods",)}, "--only minilm-wrods: no such model or map"),
        ({"only": ("nothing",), "frozen": True}, "--only nothing: no such model or map"),
        ({"refresh": ("umap2",)}, "--refresh umap2: no such stage"),
        ({"executor": "cluster"}, "cluster"),
    ],
)
def test_wrong_options_are_usage_errors(
    atlas_copy: Built, options: dict[str, Any], told: str
) -> None:
    before = marks(atlas_copy.public)
    with pytest.raises(UsageError) as caught:
        atlas_copy.build(**options)
    assert told in caught.value.message
    assert caught.value.exit_code == 2
    assert marks(atlas_copy.public) == before


def test_only_takes_models_and_maps(atlas_copy: Built) -> None:
    output = atlas_copy.root / "one"
    assert atlas_copy.build(only=("ja-aozora-words",), output=output).maps == 1
    assert not (output / "maps" / "minilm-words").exists()
    assert check(output) == []


def test_a_stage_that_fails_leaves_the_old_site(
    atlas_copy: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("out of luck")

    before = marks(atlas_copy.public)
    monkeypatch.setattr(cluster, "function", broken)
    atlas_copy.edit("coarse = 40", "coarse = 44")
    with pytest.raises(StageError, match="out of luck"):
        atlas_copy.build()
    assert marks(atlas_copy.public) == before
    monkeypatch.undo()
    atlas_copy.build()
    assert check(atlas_copy.public) == []


SMALL = """
[site]
title = "Small"
languages = ["en"]

[words]
max_pages = 20

[[models]]
id = "ja-aozora"
source = "path:{model}"
language = "ja"
pitfall = false

[[models.maps]]
selection = {{ first = 900 }}
projections = ["umap", "tsne", "pca"]
"""


@pytest.fixture
def small(tmp_path: Path) -> Built:
    root = tmp_path / "small"
    root.mkdir()
    (root / "atlas.toml").write_text(
        SMALL.format(model=(CHECKOUT / "site" / "models" / "ja-aozora").as_posix()),
        encoding="utf-8",
    )
    return Built(root)


@pytest.mark.slow
def test_the_same_input_gives_the_same_bytes(
    small: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    small.edit("pitfall = false\n", "")
    other = Built(tmp_path / "other")
    shutil.copytree(small.root, other.root)
    small.build()
    settings = config.load(other.toml)
    build(
        settings, Options(offline=True, executor="local", jobs=2), Silent()
    )  # on worker processes
    assert small.data("ja-aozora-words").about.built == "2023-11-14T22:13:20Z"
    assert files(small.root / "data") == files(other.root / "data")
    assert files(small.public) == files(other.public)


def _whole(atlas: Built) -> int:
    """How many whole results the store holds; a half-written one has a manifest, too, but in a
    folder of its writer's own."""
    store = Store(atlas.root / ".atlas" / "store")
    return sum(store.has(key) for key in store.keys())  # noqa: SIM118  # a store is no mapping


def _started(process: subprocess.Popen[str], atlas: Built) -> None:
    """Wait until at least two results are in the store."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if _whole(atlas) >= 2:
            return
        time.sleep(0.02)
    raise AssertionError(f"the build did not get going: {process.poll()}")


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "local"])
def test_a_killed_build_is_taken_up_again(small: Built, executor: str) -> None:
    process = atlas("build", small.root, "--offline", "--executor", executor)
    _started(process, small)
    process.kill()
    process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    assert not small.public.exists()
    done = _whole(small)
    summary = small.build()
    assert summary.cached >= min(done, 2)
    assert check(small.public) == []
    assert sorted(path.name for path in small.root.iterdir()) == [
        ".atlas",
        "atlas.toml",
        "data",
        "public",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["serial", "local"])
def test_an_interrupted_build_stops_at_once(small: Built, executor: str) -> None:
    process = atlas("build", small.root, "--offline", "--executor", executor)
    _started(process, small)
    begin = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    code, said = ran(process)
    assert code == 130, said
    assert time.monotonic() - begin < 60
    assert "Traceback" not in said
    assert not small.public.exists()
    if executor == "local":  # which had more to leave behind
        code, said = ran(atlas("build", small.root, "--offline"))
        assert code == 0, said
        assert check(small.public) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("hub:org/name", "hub:org/name"),
        ("package:a/b", "package:a/b"),
        ("path:models/own", "path:models/own"),
        ("path:/home/somebody/secret/own", "path:own"),
        ("path:../other/own", "path:own"),
    ],
)
def test_folders_of_somebodys_machine_are_not_published(source: str, told: str) -> None:
    assert gather._told(source) == told

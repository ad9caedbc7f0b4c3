"""What is killed, raced, interrupted, or tampered with: the store stays whole, and the next run
goes on from there."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.engine.executors import Serial, Workers, open_executor
from atlas.engine.run import run
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.errors import StoreError
from atlas.spaces.records import Vectors
from tests.engine_stages.drive import Lines, tasks

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "ab" * 32
Described = list[tuple[str, dict[str, Any], list[int]]]

WRITER = """
import sys, time
from pathlib import Path
import numpy as np
from atlas.spaces.records import Vectors
from atlas.engine.store import Store
root, value, rows = Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
record = Vectors(np.full((rows, 100), value, np.float32), "weight")
print("ready", flush=True)
sys.stdin.readline()
"""
WRITE = 'Store(root).write("ab" * 32, record, {}, 0.0)\n'


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python in a session of its own, so that signals reach it and its children alone;
    nothing outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            text=True,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def drive(
    start: Callable[..., subprocess.Popen[str]], store: Store, executor: str, described: Described
) -> subprocess.Popen[str]:
    return start("-m", "tests.engine_stages.drive", store.root, executor, 2, json.dumps(described))


def until(condition: Callable[[], Any], seconds: float = 100) -> Any:
    """Wait for something to be true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended. Where nobody reaps it, it stays as a zombie."""
    try:
        os.kill(pid, 0)
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return True


def litter(store: Store) -> list[Path]:
    return [*store.root.rglob(".tmp-*"), *store.root.glob("progress/*")]


def go_on(store: Store, described: Described) -> Any:
    """The next run, in this process."""

    @contextlib.contextmanager
    def serial() -> Iterator[Workers]:
        yield Workers(Serial(), 1, 1)

    return run(tasks(described), store, serial(), report=Lines())


def all_whole(store: Store) -> bool:
    return all(store.has(key) and store.verify(key) == [] for key in list(store.keys()))


# Writers


def test_a_killed_writer_leaves_nothing_visible(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    writer = start("-c", WRITER + WRITE, store.root, 1, 500_000)  # 200 MB
    assert writer.stdout and writer.stdin
    writer.stdout.readline()
    writer.stdin.write("\n")
    writer.stdin.flush()
    until(lambda: any(path.stat().st_size > 1e6 for path in store.root.rglob("*.npy")))
    writer.kill()
    writer.wait()
    assert not store.has(KEY) and list(store.keys()) == []
    assert len(list(store.root.rglob(".tmp-*"))) == 1
    store.write(KEY, Vectors(np.zeros((1, 1), np.float32), ""), {}, 0.0)
    assert store.has(KEY)
    store.prune({KEY}, age=0)
    assert litter(store) == [] and store.verify(KEY) == []


@pytest.mark.parametrize(
    "damaged", [False, True], ids=["nothing there", "a damaged artifact there"]
)
def test_of_several_writers_of_one_key_one_wins(
    store: Store, start: Callable[..., subprocess.Popen[str]], damaged: bool
) -> None:
    if damaged:
        store.write(KEY, Vectors(np.zeros((9, 9), np.float32), ""), {}, 0.0)
        os.truncate(store.path(KEY) / "values.npy", 200)
    writers = [start("-c", WRITER + WRITE * 3, store.root, value, 20_000) for value in range(1, 6)]
    for writer in writers:
        assert writer.stdout
        writer.stdout.readline()
    for writer in writers:  # all at once
        assert writer.stdin
        writer.stdin.write("\n")
        writer.stdin.flush()
    assert [
        (writer.wait(60), writer.stderr.read() if writer.stderr else "") for writer in writers
    ] == [(0, "")] * 5
    found = store.read(KEY, Vectors)
    assert found.values.shape == (20_000, 100)
    assert found.values[0, 0] in range(1, 6) and np.all(found.values == found.values[0, 0])
    assert store.verify(KEY) == [] and list(store.keys()) == [KEY] and litter(store) == []


def test_a_disk_that_takes_no_more(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    small = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
    told = f"try:\n    {WRITE}except Exception as error:\n    print(type(error).__name__, error, '|', error.hint)\n"
    writer = start("-c", WRITER + small + told, store.root, 1, 1000)
    output, errors = writer.communicate("\n")
    assert (
        f"StoreError {store.root}: cannot be written (File too large) | Check the permissions and the free space"
        in output
    ), errors
    assert not store.has(KEY) and litter(store) == []


# Whole runs


def long_run(tmp_path: Path) -> Described:
    """Two quick tasks, two slow ones, and one that needs them all; the slow ones tell their
    processes."""
    began = str(tmp_path / "began")
    return [
        ("add", {"amount": 1, "log": str(tmp_path / "log")}, []),
        ("add", {"amount": 2, "log": str(tmp_path / "log")}, [0]),
        ("wait", {"seconds": 60, "began": began, "n": 1}, [1]),
        ("wait", {"seconds": 60, "began": began, "n": 2}, [1]),
        ("add", {"amount": 3, "log": str(tmp_path / "log")}, [0, 1]),
    ]


def begun(tmp_path: Path, count: int) -> list[int]:
    """The processes of the slow tasks, once so many have begun."""
    path = tmp_path / "began"
    until(lambda: path.exists() and path.read_text().count("\n") >= count)
    return [int(line) for line in path.read_text().split()]


def test_a_killed_run_ends_its_workers_and_the_next_one_goes_on(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    described = long_run(tmp_path)
    killed = drive(start, store, "local", described)
    workers = begun(tmp_path, 2)
    until(lambda: any(store.progress(task.key) for task in tasks(described)))
    killed.kill()
    killed.wait()
    until(lambda: all(gone(pid) for pid in workers), 10)
    assert all_whole(store) and len(list(store.keys())) == 2
    quick = [
        (stage, {**params, "seconds": 0} if stage == "wait" else params, inputs)
        for stage, params, inputs in described
    ]
    outcome = go_on(store, quick)
    assert [task.label for task in outcome.cached] == ["0", "1"]
    assert {task.label for task in outcome.done} == {"2", "3", "4"}
    assert (tmp_path / "log").read_text().split() == ["1", "2", "3"]  # nothing was computed twice


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_ctrl_c_is_prompt_and_leaves_the_store_whole(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]], executor: str
) -> None:
    described = long_run(tmp_path)
    interrupted = drive(start, store, executor, described)
    workers = begun(tmp_path, 2 if executor == "local" else 1)
    begin = time.monotonic()
    os.killpg(interrupted.pid, signal.SIGINT)  # as a terminal does: to all of them
    _, errors = interrupted.communicate(timeout=300)
    assert time.monotonic() - begin < 30
    assert interrupted.returncode == 130 and errors == ""
    assert all(gone(pid) for pid in workers)
    assert all_whole(store) and len(list(store.keys())) >= 2 and litter(store) == []
    outcome = go_on(store, [entry for entry in described if entry[0] == "add"][:2])
    assert not outcome.done


@pytest.mark.parametrize("after", [0.0, 0.05, 0.15])
def test_ctrl_c_while_workers_start_says_nothing(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]], after: float
) -> None:
    interrupted = drive(start, store, "local", long_run(tmp_path))
    assert interrupted.stdout
    until(lambda: interrupted.stdout.readline().startswith("start"))
    time.sleep(after)
    os.killpg(interrupted.pid, signal.SIGINT)
    _, errors = interrupted.communicate(timeout=300)
    assert (interrupted.returncode, errors) == (130, "")


def test_ctrl_c_on_a_cluster_leaves_its_tasks_to_it(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    distributed = pytest.importorskip("distributed")
    described: Described = [
        ("add", {"amount": 1}, []),
        ("wait", {"seconds": 2.0, "began": str(tmp_path / "began")}, [0]),
        *[("wait", {"seconds": 2.0 + number}, [0]) for number in range(1, 5)],
    ]
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        interrupted = drive(start, store, f"dask:{cluster.scheduler_address}", described)
        begun(tmp_path, 1)
        begin = time.monotonic()
        os.killpg(interrupted.pid, signal.SIGINT)
        interrupted.communicate(timeout=300)
        assert interrupted.returncode == 130 and time.monotonic() - begin < 30
        running = tasks(described)[1]
        until(lambda: store.has(running.key))  # what ran has ended, in the store
        time.sleep(0.5)
        assert not store.root.joinpath(
            "progress", tasks(described)[2].key
        ).exists()  # and what waited does not begin
    assert all_whole(store) and len(list(store.keys())) == 2


def test_two_runs_at_once_share_a_store(
    store: Store, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    described: Described = [
        ("add", {"amount": number}, list(range(max(0, number - 2), number))) for number in range(12)
    ]
    runs = [drive(start, store, executor, described) for executor in ("serial", "local", "local")]
    for one in runs:
        output, errors = one.communicate(timeout=300)
        assert (one.returncode, errors) == (0, ""), output
    values = []
    for number, task in enumerate(tasks(described)):
        values.append(number + sum(values[max(0, number - 2) :]))
        record = store.read(task.key, Vectors)
        assert np.all(record.values == values[-1])
    assert all_whole(store) and len(list(store.keys())) == 12 and litter(store) == []


def test_a_worker_that_dies_is_told_and_does_not_hang(
    store: Store, start: Callable[..., subprocess.Popen[str]]
) -> None:
    described: Described = [
        ("trouble", {"how": "die"}, []),
        ("add", {"amount": 1}, [0]),
        ("add", {"amount": 2}, []),
    ]
    one = drive(start, store, "local", described)
    output, errors = one.communicate(timeout=300)
    assert one.returncode == 1 and errors == ""
    assert {"fail 0: its worker process ended abruptly", "skip 1", "finish 2"} <= set(
        output.splitlines()
    )


# Artifacts


def test_a_truncated_artifact_is_computed_again_and_nothing_else(
    store: Store, tmp_path: Path
) -> None:
    log = str(tmp_path / "log")
    described: Described = [
        ("add", {"amount": 1, "log": log}, []),
        ("add", {"amount": 2, "log": log}, [0]),
    ]
    go_on(store, described)
    first = tasks(described)[0]
    path = store.path(first.key) / "values.npy"
    os.truncate(path, path.stat().st_size - 1)
    outcome = go_on(store, described)
    assert set(outcome.done) == {first}
    assert Path(log).read_text().split() == ["1", "2", "1"]
    assert all_whole(store)


def test_a_tampered_artifact_is_noticed_by_verify_and_by_who_reads_it(store: Store) -> None:
    described: Described = [("add", {"amount": 1}, []), ("add", {"amount": 2}, [0])]
    go_on(store, described[:1])
    first, second = tasks(described)
    path = store.path(first.key) / "values.npy"
    path.write_bytes(b"x" * path.stat().st_size)  # the size is right
    assert store.verify(first.key) == [f"{path}: changed since it was written"]
    outcome = go_on(store, described)
    error = outcome.failed[second]
    assert (
        isinstance(error, StoreError)
        and first.key in str(error)
        and "atlas build --verify" in error.hint
    )
    store.delete(first.key)  # as that does
    assert set(go_on(store, described).done) == {first, second}


def test_a_store_that_turns_unwritable_keeps_what_is_done(store: Store, tmp_path: Path) -> None:
    described: Described = [("add", {"amount": 1}, []), ("add", {"amount": 2}, [0])]
    go_on(store, described[:1])
    second: Task = tasks(described)[1]
    store.path(second.key).parent.write_text("a file where a folder has to be")
    report = Lines()
    outcome = run(tasks(described), store, open_executor("local", 1, 1, store.root), report=report)
    (error,) = outcome.failed.values()
    assert isinstance(error, StoreError) and str(error).startswith(
        f"1: {store.root}: cannot be written"
    )
    assert len(outcome.cached) == 1

"""One contract for every executor, and what is particular to each."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from atlas.engine import dask as engine_dask
from atlas.engine import local
from atlas.engine.dask import Need
from atlas.engine.executors import Workers, open_executor
from atlas.engine.local import Local, cores
from atlas.engine.run import Outcome, run
from atlas.engine.stage import GIB, Span, address
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.engine.worker import Order, perform
from atlas.errors import StageError, StoreError, UsageError
from atlas.maps.records import Layout
from atlas.spaces.records import Vectors
from tests.engine_stages.drive import STAGES
from tests.engine_stages.told import large
from tests.engine_stages.told import told as told_stage

Open = Callable[[], AbstractContextManager[Workers]]


class Told:
    """A report that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []

    def begin(self, total: int, cached: int) -> None: ...

    def start(self, task: Task) -> None:
        self.events.append(("start", task.label))

    def progress(self, task: Task, fraction: float) -> None: ...

    def finish(self, task: Task, seconds: float) -> None:
        self.events.append(("finish", task.label))

    def fail(self, task: Task, error: Exception) -> None:
        self.events.append(("fail", task.label))

    def skip(self, task: Task) -> None:
        self.events.append(("skip", task.label))


def stage(name: str, inputs: tuple[Task, ...] = (), label: str = "", **params: Any) -> Task:
    return Task({**STAGES, "told": told_stage}[name], params, inputs, label=label or name)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a cluster of one process with two threads."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, dashboard_address=":0"
    ) as started:
        yield started.scheduler_address


@pytest.fixture(params=["serial", "local", "dask"])
def opened(request: pytest.FixtureRequest, store: Store) -> Open:
    """Opens one executor after the other."""
    spec = (
        f"dask:{request.getfixturevalue('cluster')}" if request.param == "dask" else request.param
    )
    return lambda: open_executor(spec, 2, 1, store.root)


def compute(tasks: list[Task], store: Store, opened: Open, **more: Any) -> tuple[Outcome, Told]:
    told = Told()
    return run(tasks, store, opened(), report=told, **more), told


def test_tasks_run_failures_skip_and_what_is_done_is_kept(store: Store, opened: Open) -> None:
    heads = [stage("add", label=f"head {number}", amount=number) for number in range(3)]
    total = stage("add", tuple(heads), "total", amount=10)
    bad = stage("trouble", (heads[0],), "bad", how="value")
    after = stage("add", (bad, heads[1]), "after", amount=1)
    outcome, told = compute([total, bad, after], store, opened)
    assert set(outcome.done) == {*heads, total}
    assert outcome.skipped == (after,)
    assert str(outcome.failed[bad]) == "bad: ValueError: bad value"
    assert np.all(store.read(total.key, Vectors).values == 13)
    assert told.events.index(("start", "total")) > max(
        told.events.index(("finish", head.label)) for head in heads
    )
    assert {event for event in told.events if event[0] in ("fail", "skip")} == {
        ("fail", "bad"),
        ("skip", "after"),
    }
    # The same again: only the failure runs, and runs truly.
    outcome, _ = compute([total, bad, after], store, opened)
    assert set(outcome.cached) == {*heads, total} and set(outcome.failed) == {bad}
    assert not list(store.root.glob("progress/*")) and not list(store.root.rglob(".tmp-*"))


def test_every_error_arrives(store: Store, opened: Open) -> None:
    tasks = {
        how: stage("trouble", label=how, how=how)
        for how in ("awkward", "awkward-stage", "ours", "memory", "leave", "nothing")
    }
    fine = stage("add", amount=1)
    outcome, _ = compute([*tasks.values(), fine], store, opened)
    errors = {
        how: f"{type(outcome.failed[task]).__name__}: {outcome.failed[task]}"
        for how, task in tasks.items()
    }
    assert errors == {
        "awkward": "StageError: awkward: Awkward: awkward thing",
        "awkward-stage": "StageError: awkward-stage: AwkwardStageError: awkward thing",
        "ours": "ModelError: ours: model is bad",
        "memory": "StageError: memory: MemoryError",
        "leave": "StageError: leave: SystemExit: leaving",
        "nothing": "StageError: nothing: The stage trouble returned NoneType, not Record",
    }
    assert fine in outcome.done
    note = outcome.failed[tasks["awkward"]].__notes__[-1]
    assert 'raise Awkward(what="thing")' in note


def test_a_failure_that_is_mended_runs_in_the_same_executor(
    store: Store, opened: Open, tmp_path: Path
) -> None:
    task = stage("add", amount=1, log=str(tmp_path / "folder" / "log"))
    order = Order(str(store.root), address(task.of), task.key, dict(task.params))
    with opened() as workers:
        first = workers.executor.submit(perform, order)
        with pytest.raises(StageError, match="FileNotFoundError"):
            first.result(timeout=30)
        (tmp_path / "folder").mkdir()
        assert workers.executor.submit(perform, order).result(timeout=30) > 0
    assert store.has(task.key)


def test_stages_are_told_where_and_how(store: Store, opened: Open) -> None:
    span = Span("texts.txt", 3, 9)
    task = dataclasses.replace(stage("told"), location="path:/models/m", span=span)
    compute([task], store, opened, device="cuda")
    found = store.read(task.key, Layout)
    assert found.parameters["span"] == span
    assert found.parameters["location"] == "path:/models/m"
    assert found.parameters["device"] == "cuda"
    assert found.parameters["threads"] >= 1


def interrupted(opened: Open, *calls: tuple[Any, ...]) -> None:
    with opened() as workers:
        for call in calls:
            workers.executor.submit(*call)
        raise KeyboardInterrupt


def test_an_interrupt_in_the_block_is_not_swallowed(opened: Open) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted(opened, (time.sleep, 0.01))


def test_an_interrupt_waits_for_no_process(store: Store) -> None:
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted(lambda: open_executor("local", 2, 1, store.root), *[(time.sleep, 60)] * 4)
    assert time.monotonic() - begin < 30


# Processes of this machine


def told_by(store: Store, task: Task) -> dict[str, Any]:
    return store.read(task.key, Layout).parameters


def test_local_tasks_have_their_own_processes_and_share_of_threads(store: Store) -> None:
    tasks = [stage("told", method=str(number)) for number in range(4)]
    compute(tasks, store, lambda: open_executor("local", 2, 3, store.root))
    facts = [told_by(store, task) for task in tasks]
    assert all(set(fact["limits"].values()) == {str(fact["threads"])} for fact in facts)
    assert not any(fact["torch"] for fact in facts)
    pids = {fact["pid"] for fact in facts}
    assert os.getpid() not in pids and 1 <= len(pids) <= 2
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_local_starts_as_many_processes_as_there_are_tasks() -> None:
    with Local(3) as local:
        assert local._pools == {}
        first = local.submit(os.getpid).result()
        assert local.submit(os.getpid).result() == first and len(local._pools) == 1
        futures = [local.submit(time.sleep, 0.2) for _ in range(5)]
        assert len(local._pools) == 3
        assert len(wait(futures, timeout=30).done) == 5
    with pytest.raises(RuntimeError, match="after shutdown"):
        local.submit(os.getpid)


def where(order: Order) -> int:
    """The process that a task runs in."""
    return os.getpid()


def held(until: Path) -> None:
    """Be busy until there is a file."""
    while not until.exists():
        time.sleep(0.01)


def test_a_task_runs_where_its_inputs_were_made(tmp_path: Path) -> None:
    def order(key: str, *inputs: str) -> Order:
        return Order("", "", key, inputs=tuple((one, "") for one in inputs))

    with Local(2) as local:
        busy = local.submit(held, tmp_path / "free")
        second = local.submit(where, order("second")).result(60)
        (tmp_path / "free").touch()
        busy.result(60)
        first = local.submit(where, order("first")).result(60)
        assert len(local._pools) == 2 and first != second
        for key in ("a", "b"):
            assert local.submit(where, order(key, "second")).result(60) == second
        assert local.submit(where, order("c", "a", "b", "first")).result(60) == second
        assert local.submit(where, order("d", "first")).result(60) == first


def held_by(_: Order, until: Path) -> None:
    held(until)


def loaded(order: Order) -> tuple[int, bool]:
    """The process that a task runs in, and whether what it loads was there before it came."""
    return os.getpid(), order.loads in sys.modules


def test_a_process_loads_what_tasks_will_need_before_they_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_to_load.py").write_text(
        f"from tests.engine.test_executors import Path, held\nheld(Path({str(tmp_path / 'free')!r}))"
    )
    monkeypatch.syspath_prepend(tmp_path)
    needing = Order("", "", "needing", inputs=(("other", ""),), loads="slow_to_load")
    with Local(2, "slow_to_load") as local:
        busy = local.submit(held, tmp_path / "soon")
        waiting = local.submit(where, Order("", "", "other"))
        (tmp_path / "soon").touch()
        other = waiting.result(60)  # not after what is loaded, which takes longer
        found = local.submit(loaded, needing)
        assert local.submit(where, Order("", "", "another")).result(60) == other
        (tmp_path / "free").touch()
        place, there = found.result(60)
        assert there and place != other and busy.done()
        assert local.submit(loaded, needing).result(60) == (place, True)
    with Local(2, "slow_to_load") as local:
        long = local.submit(held_by, Order("", "", "long", seconds=9), tmp_path / "late")
        local.submit(where, Order("", "", "after")).result(60)  # that takes longer than to load
        assert not long.done()
        (tmp_path / "late").touch()
    with Local(2, "slow_to_load") as local:
        local.submit(loaded, needing).result(60)
        assert len(local._pools) == 1
    with Local(1, "slow_to_load") as local:
        assert local._pools == {}  # one process has better to do


def test_a_dying_process_takes_only_its_own_task(store: Store) -> None:
    dying = stage("trouble", label="dying", how="die", after=0.1)
    beside = stage("wait", label="beside", seconds=0.8)
    after = stage("add", (dying,), "after", amount=1)
    rest = [stage("add", label=f"rest {number}", amount=number) for number in range(4)]
    begin = time.monotonic()
    outcome, _ = compute(
        [dying, beside, after, *rest], store, lambda: open_executor("local", 2, 1, store.root)
    )
    assert time.monotonic() - begin < 60
    assert set(outcome.done) == {beside, *rest} and outcome.skipped == (after,)
    error = outcome.failed[dying]
    assert (
        isinstance(error, StageError) and str(error) == "dying: its worker process ended abruptly"
    )
    assert "memory" in error.hint


def test_one_process_that_dies_is_replaced(store: Store) -> None:
    tasks = [stage("trouble", label=str(after), how="die", after=after) for after in (0.0, 0.01)]
    fine = stage("add", amount=1)
    outcome, _ = compute([*tasks, fine], store, lambda: open_executor("local", 1, 1, store.root))
    assert set(outcome.failed) == set(tasks) and set(outcome.done) == {fine}


def test_progress_is_reported_and_cleared(store: Store, tmp_path: Path) -> None:
    free = tmp_path / "free"
    fractions: list[float] = []

    class Watching(Told):
        def progress(self, task: Task, fraction: float) -> None:
            if fraction != 0.99:  # until the process has started
                fractions.append(fraction)
            if len(set(fractions)) >= 3:
                free.touch()

    task = stage("wait", label="slow", seconds=300, until=str(free))
    store.note_progress(task.key, 0.99)  # of a run that was killed
    run([task], store, open_executor("local", 1, 1, store.root), report=Watching())
    assert len(set(fractions)) >= 3 and fractions == sorted(fractions)
    assert fractions[-1] < 0.9 and store.progress(task.key) is None


def test_cores() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("50000 100000\n", 1),
        ("6400000 100000\n", 8),
        ("max 100000\n", 8),
        ("200000 0\n", 8),
        ("", 8),
        ("150000\n|100000\n", 2),
        ("-1\n|100000\n", 8),
        ("200000\n|", 8),
        (None, 8),
    ],
)
def test_a_container_has_the_cores_that_it_has_time_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str | None, expected: int
) -> None:
    places = ((tmp_path / "cpu.max",), (tmp_path / "quota", tmp_path / "period"))
    if limit is not None:
        texts = limit.split("|")  # version 1 has two files
        for path, text in zip(places[len(texts) - 1], texts, strict=True):
            path.write_text(text, "ascii")
    monkeypatch.setattr(local, "_LIMITS", places)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert cores() == expected


@pytest.mark.parametrize("spec", ["", "remote", "dask", "dask:", "local:2"])
def test_an_executor_that_does_not_exist(spec: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such executor"), open_executor(spec, 1, 1, tmp_path):
        pass


# A Dask cluster


def test_dask_checks_that_somebody_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(engine_dask, "_PATIENCE", "0.3s")
    with pytest.raises(StageError, match=r"dask:tcp://127\.0\.0\.1:9: cannot be reached") as caught:
        open_executor("dask:tcp://127.0.0.1:9", 1, 1, tmp_path).__enter__()
    assert "scheduler" in caught.value.hint


def test_dask_checks_that_there_are_workers(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        pytest.raises(StageError, match="no workers") as caught,
    ):
        open_executor(f"dask:{empty.scheduler_address}", 1, 1, tmp_path).__enter__()
    assert "dask worker" in caught.value.hint


def fails(_: str) -> tuple[str, str, int]:
    raise ModuleNotFoundError("No module named 'atlas'")


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (lambda _: ("", engine_dask.__version__, 2), "does not see"),
        (lambda _: ("another store's", engine_dask.__version__, 2), "does not see"),
        (lambda _: ("", "0.0.1", 2), "runs atlas 0.0.1, this is"),
        (fails, "cannot run the atlas"),
    ],
)
def test_dask_checks_its_workers(
    cluster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[str], Any],
    message: str,
) -> None:
    monkeypatch.setattr(engine_dask, "_look", look)
    with pytest.raises(StageError, match=message) as caught:
        open_executor(f"dask:{cluster}", 1, 1, tmp_path).__enter__()
    assert "tcp://" in str(caught.value) and caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_dask_checks_that_the_store_can_be_written(cluster: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        open_executor(f"dask:{cluster}", 1, 1, tmp_path / "file" / "store").__enter__()


def test_dask_shares_a_workers_cores_among_its_threads(cluster: str, store: Store) -> None:
    with open_executor(f"dask:{cluster}", 1, 99, store.root) as workers:
        assert workers.threads == max(1, cores() // 2)


@pytest.mark.slow
def test_a_dask_worker_that_dies_is_told(store: Store) -> None:
    distributed = pytest.importorskip("distributed")
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=":0"
        ) as started,
    ):
        fine = stage("add", label="fine", amount=1)
        dying = stage("trouble", (fine,), "dying", how="die")
        after = stage("add", (dying,), "after", amount=1)
        outcome, _ = compute(
            [after],
            store,
            lambda: open_executor(f"dask:{started.scheduler_address}", 1, 1, store.root),
        )
    assert set(outcome.done) == {fine} and outcome.skipped == (after,)
    assert str(outcome.failed[dying]) == "dying: its worker process ended abruptly"


# What stages need of a cluster's workers


@pytest.fixture(scope="module")
def unequal() -> Iterator[tuple[str, dict[str, int]]]:
    """The address of a cluster of two processes, and their ids: one has a GPU and much memory, as
    it says, and the other little memory."""
    distributed = pytest.importorskip("distributed")
    worker = {"cls": distributed.Nanny, "options": {"nthreads": 2}}
    offers: dict[str, dict[str, float]] = {
        "large": {"GPU": 1, "MEMORY": 8 * GIB},
        "small": {"MEMORY": 2 * GIB},
    }
    described = {
        name: {**worker, "options": {**worker["options"], "name": name, "resources": offer}}
        for name, offer in offers.items()
    }
    # Of its own port for HTTP, too: somebody's cluster may have the usual one.
    options = {"dashboard": False, "dashboard_address": ":0"}
    with (
        distributed.SpecCluster(
            described, scheduler={"cls": distributed.Scheduler, "options": options}
        ) as started,
        distributed.Client(started) as client,
    ):
        client.wait_for_workers(2)
        pids = client.run(os.getpid)
        names = {
            worker["name"]: pids[address]
            for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()
        }
        yield started.scheduler_address, names


def test_tasks_on_a_gpu_go_to_the_workers_that_have_one(
    unequal: tuple[str, dict[str, int]], store: Store
) -> None:
    address, pids = unequal
    on_gpu = [stage("told", method=f"gpu {number}") for number in range(6)]
    compute(
        on_gpu, store, lambda: open_executor(f"dask:{address}", 1, 1, store.root), device="cuda"
    )
    assert {told_by(store, task)["pid"] for task in on_gpu} == {pids["large"]}
    elsewhere = [stage("told", method=f"cpu {number}") for number in range(12)]
    compute(elsewhere, store, lambda: open_executor(f"dask:{address}", 1, 1, store.root))
    assert {told_by(store, task)["pid"] for task in elsewhere} == set(pids.values())


def test_tasks_go_where_there_is_memory_for_them(
    unequal: tuple[str, dict[str, int]], store: Store
) -> None:
    address, pids = unequal
    tasks = [
        dataclasses.replace(stage("told", method=str(number)), of=large) for number in range(6)
    ]
    needs = [Need("large", memory=large.memory)]
    compute(tasks, store, lambda: open_executor(f"dask:{address}", 1, 1, store.root, needs))
    assert {told_by(store, task)["pid"] for task in tasks} == {pids["large"]}


@pytest.mark.parametrize(
    ("need", "told"),
    [
        (Need("deep", "cuda"), ""),
        (Need("deep", "cuda", 9 * GIB), "GPU=1 MEMORY=9.66368e+09"),
        (Need("deep", memory=9 * GIB), "MEMORY=9.66368e+09"),
    ],
)
def test_dask_checks_that_some_worker_has_what_a_stage_needs(
    unequal: tuple[str, dict[str, int]], tmp_path: Path, need: Need, told: str
) -> None:
    address, _ = unequal
    opening = open_executor(f"dask:{address}", 1, 1, tmp_path, [Need("flat"), need])
    if not told:
        with opening:
            return
    message = f"no worker offers what the stage deep needs, {re.escape(told)}"
    with pytest.raises(StageError, match=message) as caught, opening:
        pass
    assert f'--resources "{told}"' in caught.value.hint


def test_dask_checks_for_a_device_where_no_worker_says_what_it_has(
    cluster: str, tmp_path: Path
) -> None:
    needs = [Need("deep", "nowhere")]
    with (
        pytest.raises(StageError, match="has no nowhere") as caught,
        open_executor(f"dask:{cluster}", 1, 1, tmp_path, needs),
    ):
        pass
    assert "GPU=1" in caught.value.hint
    with open_executor(f"dask:{cluster}", 1, 1, tmp_path, [Need("deep", "cpu", GIB)]):
        pass

"""The share of the cores that each task gets, and that no more are given than there are."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.engine.executors import Workers, open_executor
from atlas.engine.run import run
from atlas.engine.shares import Shares
from atlas.engine.stage import Stage
from atlas.engine.store import Store
from atlas.engine.task import Task
from atlas.engine.worker import Order
from atlas.maps.records import Layout
from atlas.maps.stages.neighbors import neighbors
from atlas.spaces.records import Vectors
from tests.engine.test_run import Told
from tests.engine_stages.told import everywhere


def nothing() -> Vectors:
    raise AssertionError("it is not called")


KINDS = {
    (parallel, gpu): Stage(
        nothing, f"stage{parallel:d}{gpu:d}", version=1, parallel=parallel, gpu=gpu
    )
    for parallel in (False, True)
    for gpu in (False, True)
}


class Graph(NamedTuple):
    """Tasks, the cores and the slots that they share, and which fail."""

    tasks: list[Task]
    cores: int
    slots: int
    broken: set[str]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    tasks: list[Task] = []
    for number in range(draw(st.integers(1, 12))):
        before = draw(st.lists(st.sampled_from(tasks), max_size=3, unique=True)) if tasks else []
        kind = KINDS[draw(st.booleans()), draw(st.booleans())]
        cost = draw(st.sampled_from([0.0, 0.5, 1.0, 5.0, 60.0]))
        tasks.append(Task(kind, {"n": number}, tuple(before), label=str(number), cost=cost))
    broken = {task.key for task in tasks if draw(st.integers(0, 9)) == 0}
    return Graph(tasks, draw(st.integers(1, 16)), draw(st.integers(1, 5)), broken)


class Watched(ThreadPoolExecutor):
    """Runs nothing, and ends tasks in an order of its own. Keeps what ran when."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(1)
        self.graph = graph
        self.running: dict[str, Order] = {}
        self.ended: set[str] = set()
        self.ran: list[str] = []
        self.lock = threading.Lock()
        self.idle = 0

    def rest(self) -> None:
        """A core is idle."""
        with self.lock:
            self.idle += 1
            assert sum(one.threads for one in self.running.values()) < self.graph.cores

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        (order,) = args
        with self.lock:
            assert {key for key, _ in order.inputs} <= self.ended, "what it needs is there"
            self.running[order.key] = order
            self.ran.append(order.key)
            held = [one.threads for one in self.running.values()]
            assert min(held) >= 1 and sum(held) <= self.graph.cores
            assert len(held) <= self.graph.slots
            assert sum(one.device != "cpu" for one in self.running.values()) <= 1
        return super().submit(self.end, order)

    def end(self, order: Order) -> float:
        with self.lock:
            del self.running[order.key]
            if order.key in self.graph.broken:
                raise ValueError("broken")
            self.ended.add(order.key)
        return 1.0


@given(graphs())
def test_running_tasks_never_hold_more_threads_than_there_are_cores(graph: Graph) -> None:
    watched = Watched(graph)

    @contextmanager
    def opened() -> Any:
        with watched:
            yield Workers(watched, graph.slots, graph.cores, graph.cores)

    store = Store(Path("/nowhere/at/all"))
    outcome = run(graph.tasks, store, opened(), report=Told(), device="cuda", idle=watched.rest)
    assert watched.idle <= 1
    assert len(watched.ran) == len(set(watched.ran)), "each once"
    assert {task.key for task in outcome.done} == watched.ended
    assert {task.key for task in outcome.failed} == graph.broken & set(watched.ran)
    told = {*outcome.done, *outcome.failed, *outcome.skipped}
    assert told == set(graph.tasks), "and none is forgotten"


def test_a_core_that_is_idle_while_a_task_runs_is_told_of() -> None:
    told = threading.Event()

    class Waiting(ThreadPoolExecutor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            return super().submit(lambda: float(told.wait(60)))

    @contextmanager
    def opened() -> Any:
        with Waiting(1) as waiting:
            yield Workers(waiting, 2, 2, 2)

    long = task(80, parallel=False)
    outcome = run([long], Store(Path("/nowhere")), opened(), report=Told(), idle=told.set)
    assert outcome.done == {long: 1.0}


def shares(tasks: list[Task], number: int, slots: int = 8) -> Shares:
    users: dict[Task, list[Task]] = {task: [] for task in tasks}
    for task in tasks:
        for before in task.inputs:
            users[before].append(task)
    chains = {task: task.weight for task in tasks}
    found = Shares(Workers(ThreadPoolExecutor(1), slots, number, number), users, chains)
    for place, task in enumerate(tasks):
        if not task.inputs:
            found.queue(place, task, task.weight)
    return found


def task(cost: float, *before: Task, parallel: bool = True) -> Task:
    return Task(KINDS[parallel, False], {"cost": cost}, before, cost=cost)


@pytest.mark.parametrize(
    ("beside", "threads"), [((), 16), ((80.0,), 8), ((40.0,), 11), ((0.1, 0.2), 16)]
)
def test_a_task_gets_its_share_of_the_work(beside: tuple[float, ...], threads: int) -> None:
    long = task(80)
    dealt = shares([long, *map(task, beside)], 16)
    assert dealt.start() == (long, threads)


@pytest.mark.parametrize(("tokens", "threads"), [(3_000, 1), (100_000, 2)])
def test_a_search_for_neighbors_gets_cores_by_the_size_of_its_inputs(
    tokens: int, threads: int
) -> None:
    search = Task(neighbors, {"k": 15})
    assert neighbors.grows is not None
    rest = task(14, parallel=False)
    users: dict[Task, list[Task]] = {search: [], rest: []}
    dealt = Shares(Workers(ThreadPoolExecutor(1), 8, 2, 2), users, {search: 100, rest: 14})
    dealt.queue(0, search, neighbors.grows(tokens * 768 * 4, tokens * 4))
    assert dealt.start() == (search, threads)
    dealt.end(search)
    assert dealt.left == pytest.approx(rest.weight)


def test_what_a_stage_takes_is_asked_for_when_its_inputs_are_there(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first = Task(everywhere, {"number": 0})
    asked: list[int] = []
    growing = Stage(
        nothing, "growing", version=1, grows=lambda size: float(asked.append(size) or size)
    )
    run(
        [first, Task(growing, {}, (first,))],
        store,
        open_executor("serial", 1, 1, store.root),
        report=Told(),
    )
    assert asked == [store.size(first.key)] and asked[0] > 0


def test_what_follows_from_a_task_takes_no_cores_from_it() -> None:
    long = task(10)
    assert shares([long, task(500, long)], 4).start() == (long, 4)


@pytest.mark.parametrize(("beside", "at_once"), [(1, None), (50, 1)])
def test_a_long_task_waits_for_a_short_one_and_not_for_a_long_one(
    beside: float, at_once: int | None
) -> None:
    other, long = task(beside, parallel=False), task(80)
    users: dict[Task, list[Task]] = {other: [], long: []}
    dealt = Shares(Workers(ThreadPoolExecutor(1), 8, 2, 2), users, {other: 100, long: 80})
    dealt.queue(0, other, beside)
    assert dealt.start() == (other, 1)
    dealt.queue(1, long, 80)
    assert dealt.start() == (at_once and (long, at_once))
    dealt.end(other)
    assert dealt.start() == (None if at_once else (long, 2))


@pytest.mark.parametrize(
    ("seconds", "way_on", "started"), [(0.1, 100, False), (0.1, 10, True), (1, 100, True)]
)
def test_a_task_goes_after_a_longer_one_that_is_about_to_want_the_cores(
    seconds: float, way_on: float, started: bool
) -> None:
    """Else that would have one core, or wait for the task to end. What comes before is waited for
    where it ends at once."""
    brief, other = task(seconds, parallel=False), task(20, parallel=False)
    long = task(80, brief)
    users: dict[Task, list[Task]] = {brief: [long], long: [], other: []}
    chains = {brief: way_on + 1, long: way_on, other: 20}
    dealt = Shares(Workers(ThreadPoolExecutor(1), 8, 2, 2), users, chains)
    dealt.queue(0, brief, seconds)
    assert dealt.start() == (brief, 1)
    dealt.queue(2, other, 20)
    assert dealt.start() == ((other, 1) if started else None)
    if not started:
        dealt.end(brief)
        dealt.queue(1, long, 80)
        assert dealt.start() == (long, 2)


def test_libraries_of_a_process_get_the_threads_of_its_task(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    tasks = [Task(everywhere, {"number": number}, cost=1) for number in range(2)]
    alone = Task(everywhere, {"number": 2}, tuple(tasks), cost=1)
    run([alone], store, open_executor("local", 2, 2, store.root), report=Told())
    told = [store.read(task.key, Layout).parameters for task in (*tasks, alone)]
    assert [facts["threads"] for facts in told] == [1, 1, 2]
    for facts in told:
        assert set(facts["limits"].values()) == {str(facts["threads"])}
        assert facts["torch"] == facts["threads"] and set(facts["pools"]) == {facts["threads"]}

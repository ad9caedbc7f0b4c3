"""The runner: order, keys, what runs and what does not, and how failures are told."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.engine import libraries
from atlas.engine.executors import Serial, Workers
from atlas.engine.run import Outcome, run
from atlas.engine.stage import AnyStage, Span, Stage, Work, address, helper, record_at, stage_at
from atlas.engine.store import Store
from atlas.engine.task import Task, missing, order
from atlas.errors import AtlasError, ModelError, StageError, StoreError
from atlas.maps.records import Layout
from atlas.spaces.records import Vectors
from tests.engine_stages.drive import STAGES
from tests.engine_stages.told import told as told_stage

ROOT = Path(__file__).resolve().parents[1].parent


class Told:
    """A report that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.counts = (-1, -1)

    def begin(self, total: int, cached: int) -> None:
        self.counts = (total, cached)

    def start(self, task: Task) -> None:
        self.events.append(("start", task.label))

    def progress(self, task: Task, fraction: float) -> None:
        self.events.append(("progress", task.label))

    def finish(self, task: Task, seconds: float) -> None:
        self.events.append(("finish", task.label))

    def fail(self, task: Task, error: Exception) -> None:
        self.events.append(("fail", task.label))

    def skip(self, task: Task) -> None:
        self.events.append(("skip", task.label))

    def labels(self, what: str) -> list[str]:
        return [label for event, label in self.events if event == what]


@contextmanager
def serial() -> Iterator[Workers]:
    yield Workers(Serial(), 1, 1)


@contextmanager
def never() -> Iterator[Workers]:
    raise AssertionError("nothing has to run")
    yield


def stage(
    name: str, inputs: tuple[Task, ...] = (), label: str = "", weight: float = 1.0, **params: Any
) -> Task:
    of = {**STAGES, "told": told_stage}[name]
    return Task(of, params, inputs, label=label or name, cost=weight)


def nothing() -> Vectors:
    raise AssertionError("only its recipe is of interest")


def named(name: str, version: int = 1, **more: Any) -> AnyStage:
    return Stage(nothing, name, version=version, **more)


def compute(
    tasks: list[Task],
    store: Store,
    executor: Callable[[], AbstractContextManager[Workers]] = serial,
    **more: Any,
) -> tuple[Outcome, Told]:
    told = Told()
    return run(tasks, store, executor(), report=told, **more), told


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """For each task, the positions of its inputs, all before it."""
    size = draw(st.integers(1, 9))
    return [
        draw(st.lists(st.integers(0, number - 1), max_size=3)) if number else []
        for number in range(size)
    ]


def sums(graph: list[list[int]], broken: frozenset[int] = frozenset()) -> list[Task]:
    """A task a node, which adds its inputs and a number that makes it distinct; the broken ones
    fail."""
    tasks: list[Task] = []
    for number, inputs in enumerate(graph):
        before = tuple(tasks[one] for one in inputs)
        if number in broken:
            tasks.append(stage("trouble", before, str(number), how="value", after=number / 1e6))
        else:
            tasks.append(stage("add", before, str(number), weight=number % 3, amount=number))
    return tasks


@given(graphs(), st.randoms())
def test_order_has_every_task_once_and_inputs_first(graph: list[list[int]], random: Any) -> None:
    tasks = sums(graph)
    wanted = random.sample(tasks, random.randint(1, len(tasks)))
    found = order(wanted)
    place = {task.key: number for number, task in enumerate(found)}
    assert len(place) == len(found)
    assert {task.key for task in wanted} <= place.keys()
    assert all(place[one.key] < place[task.key] for task in found for one in task.inputs)
    needed = {task.key for task in wanted}
    for task in reversed(found):  # and nothing that nobody asked for
        assert task.key in needed
        needed |= {one.key for one in task.inputs}


@settings(max_examples=25)
@given(graphs(), st.data())
def test_failures_skip_their_descendants_and_nothing_else(
    graph: list[list[int]], data: st.DataObject
) -> None:
    broken = data.draw(st.frozensets(st.integers(0, len(graph) - 1), max_size=2))
    tasks = sums(graph, broken)
    values: dict[str, float] = {}
    lost: set[str] = set()
    for number, inputs in enumerate(graph):
        if number in broken or any(str(one) in lost for one in inputs):
            lost.add(str(number))
        else:
            values[str(number)] = number + sum(values[str(one)] for one in inputs)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        outcome, told = compute(tasks, store)
        failed = {task.label for task in outcome.failed}
        assert failed <= {str(number) for number in broken}
        assert {task.label for task in outcome.done} == set(values) == set(told.labels("finish"))
        assert {task.label for task in outcome.skipped} == lost - failed == set(told.labels("skip"))
        assert Counter(told.labels("start")) == Counter(
            [*told.labels("finish"), *told.labels("fail")]
        )
        assert all(
            count == 1
            for count in Counter(label for event, label in told.events if event != "start").values()
        )
        for task in outcome.done:
            assert np.all(store.read(task.key, Vectors).values == values[task.label])
        again, told = compute(tasks, store)
        assert {task.label for task in again.cached} == set(values) and not again.done
        assert told.counts == (len(graph), len(values))


def json_params() -> st.SearchStrategy[dict[str, Any]]:
    plain = (
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text()
    )
    deeper = st.recursive(
        plain, lambda below: st.lists(below) | st.dictionaries(st.text(), below), max_leaves=6
    )
    return st.dictionaries(st.text(), deeper, max_size=4)


def shuffled(value: Any) -> Any:
    """The same JSON, its objects written in another order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name]) for name in reversed(value)}
    return [shuffled(entry) for entry in value] if isinstance(value, list) else value


@given(json_params())
def test_a_key_does_not_depend_on_the_order_of_names(params: dict[str, Any]) -> None:
    one, other = Task(named("project"), params), Task(named("project"), shuffled(params))
    assert one.key == other.key
    assert one == other and hash(one) == hash(other)


@given(json_params(), st.text(), json_params())
def test_a_key_changes_with_every_parameter(
    params: dict[str, Any], name: str, more: dict[str, Any]
) -> None:
    task = Task(named("project"), params)
    for changed in ({**params, name: "another value"}, more):
        same = json.dumps(changed, sort_keys=True) == json.dumps(params, sort_keys=True)
        assert (Task(named("project"), changed).key == task.key) == same


def test_a_key_changes_with_what_the_result_follows_from_and_with_nothing_else() -> None:
    first, second = Task(named("vectors"), {"space": "input"}), Task(named("vocabulary"))
    task = Task(
        named("project"),
        {"method": "umap"},
        (first, second),
        "commit:1",
        location="here",
        label="label",
    )

    def changed(**fields: Any) -> Task:
        return dataclasses.replace(task, **fields)

    deeper = dataclasses.replace(first, source="commit:2")
    different = [
        changed(of=named("cluster")),
        changed(of=named("project", 2)),
        changed(of=named("project", uses=(helper("encoder", version=2),))),
        changed(of=named("project", libraries=("numpy",))),
        changed(libraries=("torch",)),
        changed(params={"method": "tsne"}),
        changed(params={}),
        changed(source="commit:2"),
        changed(inputs=(second, first)),
        changed(inputs=(first,)),
        changed(inputs=(deeper, second)),
    ]
    assert len({task.key, *(other.key for other in different)}) == len(different) + 1
    assert all(other != task for other in different)
    for same in (
        changed(location="there"),
        changed(span=Span("file", 0, 1)),
        changed(label="another"),
        changed(cost=99.0),
        changed(of=named("project", weight=7, uses=(helper("encoder"),))),
    ):
        assert same.key == task.key and same == task


def test_a_key_is_the_same_in_every_process_and_release() -> None:
    params = {"名": [1, 2.5, None, True]}
    task = Task(named("project", 3), params, (Task(named("vectors")),), "commit:1")
    assert task.key == "f7c591c4fec6cdc67e8ce7f8dc813e5c1d3a6a83f2f9b4ca859d2bdced9dfdac"


def test_a_library_at_another_version_changes_the_keys_of_what_depends_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tasks() -> list[Task]:
        first = Task(named("first", libraries=("transformers",)))
        return [first, Task(named("after"), {}, (first,)), Task(named("beside"))]

    monkeypatch.setattr(libraries, "_version", {"transformers": "5.0"}.__getitem__)
    before = tasks()
    assert before[0].recipe["libraries"] == {"transformers": "5.0"}
    monkeypatch.setattr(libraries, "_version", {"transformers": "5.1"}.__getitem__)
    same = [one.key == other.key for one, other in zip(before, tasks(), strict=True)]
    assert same == [False, False, True]


def test_a_library_that_is_not_installed_has_a_version_too() -> None:
    assert libraries.versions(("numpy", "nonesuch")) == {
        "numpy": np.__version__,
        "nonesuch": "",
    }


def test_nothing_is_started_when_nothing_has_to_run(store: Store) -> None:
    tasks = sums([[], [0], [0, 1]])
    compute(tasks, store)
    outcome, told = compute(tasks, store, never)
    assert outcome == Outcome({}, tuple(tasks), {}, ())
    assert told.counts == (3, 3) and told.events == []


def test_a_task_runs_once_for_each_recipe(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "log"
    twins = [stage("add", label=label, amount=1, log=str(log)) for label in ("one", "other")]
    users = [
        stage("add", (twin, twin), label=f"user of {twin.label}", amount=2, log=str(log))
        for twin in twins
    ]
    outcome, told = compute([*twins, *users], store)
    assert log.read_text() == "1\n2\n"
    assert told.counts == (2, 0)
    assert all(
        task in outcome.done for task in (*twins, *users)
    )  # equal by key, so found under either object


def test_only_what_changed_runs_again(store: Store, tmp_path: Path) -> None:
    log = str(tmp_path / "log")

    def chain(amount: float) -> list[Task]:
        first = stage("add", amount=1, log=log)
        second = stage("add", (first,), amount=amount, log=log)
        return [first, second, stage("add", (second,), amount=4, log=log)]

    compute(chain(2), store)
    compute(chain(3), store)
    compute(chain(2), store, never)
    assert Path(log).read_text().split() == ["1", "2", "4", "3", "4"]


def test_refresh_runs_a_stage_and_what_follows_again(store: Store, tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    first = stage("add", label="first", amount=1, log=log)
    refreshed = stage("wait", (first,), label="refreshed", seconds=0)
    tasks = [
        first,
        refreshed,
        stage("add", (refreshed,), label="after", amount=2, log=log),
        stage("add", (first,), amount=3, log=log),
    ]
    compute(tasks, store)
    assert missing(tasks, store) == ()
    assert [task.label for task in missing(tasks, store, ["wait"])] == [
        "refreshed",
        "after",
    ]
    Path(log).unlink()
    outcome, _ = compute(tasks, store, refresh=["wait"])
    assert {task.label for task in outcome.done} == {"refreshed", "after"} and len(
        outcome.cached
    ) == 2
    assert Path(log).read_text().split() == ["2"]
    outcome, _ = compute(tasks, store, refresh=["all"])
    assert set(outcome.done) == set(tasks)
    assert Path(log).read_text().split() == ["2", "1", "2", "3"]


def test_the_longest_way_to_go_starts_first(store: Store) -> None:
    short = stage("add", label="short", weight=5, amount=1)
    head = stage("add", label="head", weight=1, amount=2)
    tasks = [
        short,
        head,
        stage("add", (head,), label="long", weight=80, amount=3),
        stage("add", label="heavy", weight=50, amount=4),
    ]
    _, told = compute(tasks, store)
    assert told.labels("start") == ["head", "long", "heavy", "short"]


def test_no_more_tasks_are_handed_out_than_there_are_workers(store: Store) -> None:
    lock = threading.Lock()
    now = most = 0

    class Counting(ThreadPoolExecutor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            future = super().submit(fn, *args, **kwargs)
            future.add_done_callback(ended)
            return future

    def ended(_: Future[Any]) -> None:
        nonlocal now
        with lock:
            now -= 1

    @contextmanager
    def threads() -> Iterator[Workers]:
        with Counting(8) as pool:
            yield Workers(pool, 3, 1, 3)

    outcome, _ = compute(
        [stage("wait", seconds=0.05 + number / 1000) for number in range(8)], store, threads
    )
    assert len(outcome.done) == 8 and most == 3


def test_a_stage_that_takes_work_is_told_where_and_how(store: Store) -> None:
    task = dataclasses.replace(stage("told", method="umap"), location="path:/models/m")
    compute([task], store, device="mps")
    parameters = store.read(task.key, Layout).parameters
    assert {name: parameters[name] for name in ("location", "span", "device", "threads")} == {
        "location": "path:/models/m",
        "span": None,
        "device": "mps",
        "threads": 1,
    }


def test_whether_a_stage_takes_work_is_known_when_it_is_made() -> None:
    assert told_stage.works and STAGES["wait"].works and not STAGES["add"].works
    assert STAGES["add"].record is Vectors
    assert Work() == Work("", None, "cpu", 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Work().threads = 2  # type: ignore[misc]


def test_a_stage_is_called_as_the_function_it_is() -> None:
    add = STAGES["add"]
    assert add(amount=2).values.tolist() == [[2.0] * 2] * 3  # type: ignore[union-attr]
    assert add.__doc__ is None and add.__name__ == "add" and repr(add) == "<stage add 1>"
    assert address(add) == "tests.engine_stages.add:add" and stage_at(address(add)) is add
    assert record_at(address(add.record)) is Vectors


def test_what_is_no_stage_is_told() -> None:
    with pytest.raises(StageError, match=r"tests\.engine_stages\.add:Path is no stage"):
        stage_at("tests.engine_stages.add:Path")
    with pytest.raises(StageError, match="is no class of records"):
        record_at("tests.engine_stages.add:add")


def test_the_manifest_has_the_recipe(store: Store) -> None:
    first, second = sums([[], [0]])
    compute([second], store)
    assert store.manifest(second.key)["recipe"] == {
        "stage": "add",
        "version": 1,
        "params": {"amount": 1},
        "source": "",
        "inputs": [first.key],
    }


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("value", StageError, "m-words: trouble: ValueError: bad value"),
        ("awkward", StageError, "m-words: trouble: Awkward: awkward thing"),
        ("awkward-stage", StageError, "m-words: trouble: AwkwardStageError: awkward thing"),
        ("ours", ModelError, "m-words: trouble: model is bad"),
        ("memory", StageError, "m-words: trouble: MemoryError"),
        ("tensor memory", StageError, "m-words: trouble: RuntimeError: "),
        ("leave", StageError, "m-words: trouble: SystemExit: leaving"),
        (
            "nothing",
            StageError,
            "m-words: trouble: The stage trouble returned NoneType, not Record",
        ),
        ("homemade", StageError, "m-words: trouble: Homemade cannot be stored"),
        (
            "nan",
            StageError,
            "m-words: trouble: Vectors cannot be stored: Out of range float values",
        ),
    ],
)
def test_errors_say_whose_they_are_and_bring_their_traceback(
    store: Store, how: str, kind: type[AtlasError], message: str
) -> None:
    task = stage("trouble", label="m-words: trouble", how=how)
    outcome, told = compute([task], store)
    error = outcome.failed[task]
    assert type(error) is kind
    assert str(error).startswith(message)
    assert error.hint
    assert "Traceback" in error.__notes__[-1] and "in perform" in error.__notes__[-1]
    assert told.events == [("start", "m-words: trouble"), ("fail", "m-words: trouble")]
    assert not store.has(task.key)
    if how == "ours":
        assert error.hint == "Mend it."
    assert ("more memory than there is" in error.hint) == ("memory" in how)


def test_a_stage_that_a_worker_does_not_have(store: Store) -> None:
    task = Task(Stage(nothing, "gone", version=1), label="m: gone")
    outcome, _ = compute([task], store)
    assert str(outcome.failed[task]).startswith("m: gone: ") and "is no stage" in str(
        outcome.failed[task]
    )


def test_a_store_that_cannot_be_written_is_told_for_each_task(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tasks = sums([[], [], [1]])
    outcome, _ = compute(tasks, Store(tmp_path / "file" / "store"))
    assert set(outcome.failed) == set(tasks[:2]) and outcome.skipped == (tasks[2],)
    assert all(
        isinstance(error, StoreError) and "cannot be written" in str(error)
        for error in outcome.failed.values()
    )


def test_a_cancelled_future_is_a_failure(store: Store) -> None:
    class Forgetful(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    @contextmanager
    def forgetful() -> Iterator[Workers]:
        yield Workers(Forgetful(), 2, 1)

    tasks = sums([[], [0]])
    outcome, _ = compute(tasks, store, forgetful)
    assert str(outcome.failed[tasks[0]]) == "0: the executor gave it up"
    assert outcome.skipped == (tasks[1],)


def test_a_task_that_another_run_has_done_meanwhile_is_not_done_again(
    store: Store, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    tasks = [
        stage("add", label="one", amount=1, log=str(log)),
        stage("add", label="other", amount=2, log=str(log)),
    ]

    @contextmanager
    def meanwhile() -> Iterator[Workers]:
        compute(tasks, store)
        yield Workers(Serial(), 1, 1)

    outcome, _ = compute(tasks, store, meanwhile)
    assert log.read_text() == "1\n2\n"
    assert outcome.done == dict.fromkeys(tasks, 0.0)


def test_a_large_plan_is_cheap(store: Store) -> None:
    class Instant(Executor):
        def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(0.0)
            return future

    @contextmanager
    def instant() -> Iterator[Workers]:
        yield Workers(Instant(), 4, 1)

    heads = [stage("add", amount=number) for number in range(200)]
    tasks = [stage("add", (head,), amount=step) for head in heads for step in range(10)]
    begin = time.perf_counter()
    outcome, _ = compute(tasks, store, instant)
    assert len(outcome.done) == 2200
    assert time.perf_counter() - begin < 30  # measured: 0.1 s


def test_the_engine_is_light_to_import() -> None:
    heavy = [
        "torch",
        "pandas",
        "pyarrow",
        "distributed",
        "concurrent.futures.process",
        "pydantic",
        "rich",
        "importlib.metadata",
    ]
    code = (
        "import sys, atlas.engine.run, atlas.engine.store, atlas.engine.executors; "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"

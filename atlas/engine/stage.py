"""Stages: functions whose results are kept, under a decorator that says all there is to say of
them.

    @stage("senses", version=3, weight=5, uses=(ENCODER,))
    def senses(*, occurrences: Sequence[Sequence[str]], work: Work = Work()) -> Senses:

The decorated function is called as any other. A task names the stage, its inputs and its params.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, ParamSpec, TypeVar, get_type_hints

from atlas.engine.record import FAULT, Storable
from atlas.errors import StageError

P = ParamSpec("P")
R = TypeVar("R", bound=Storable, covariant=True)

Progress = Callable[[float], None]

GIB = 2**30  # bytes


class Span(NamedTuple):
    """A part of a file: bytes `begin` to `end`, or a row group (`begin`) of Parquet."""

    path: str
    begin: int
    end: int


def silent(fraction: float) -> None:
    """Takes note of no progress."""


@dataclass(frozen=True)
class Work:
    """What a stage is told that its result does not depend on.

    location   the checkpoint it reads: `path:/folder` or `hub:org/name@commit`
    span       the part of a file it reads, of which its params have the digest
    device     where torch computes: `cpu`, `cuda`, `mps`
    threads    how many threads it may use
    progress   takes how far it is, 0..1, as often as it likes
    """

    location: str = ""
    span: Span | None = None
    device: str = "cpu"
    threads: int = 1
    progress: Progress = silent


@dataclass(frozen=True)
class Helper:
    """Code that several stages share. Whoever changes what it returns raises its version; every
    stage that uses it follows."""

    name: str
    version: int = 1


def helper(name: str, *, version: int = 1) -> Helper:
    """Declares a helper. It enters recipes by its name, from version 2 on."""
    return Helper(name, version)


class Stage(Generic[P, R]):
    """A stage: calling it calls its function.

    name        names it in recipes and messages
    version     is raised whenever it returns something else for the same inputs and params
    weight      about how many seconds it takes, as far as that is known before its inputs are
    grows       about how many seconds it takes, by the bytes of each of its inputs
    function    the function
    place       where any process finds the stage: `module:name`
    uses        helpers that its result depends on
    libraries   distributions whose versions its result depends on
    parallel    whether it uses as many threads as it is given
    gpu         whether it computes on the device that it is given
    memory      about how many bytes of memory it takes for a large vocabulary
    loads       a module that takes seconds to load, and may be loaded before its inputs are there
    works       whether the function takes `work`
    record      the class it returns
    """

    def __init__(
        self,
        function: Callable[P, R],
        name: str,
        *,
        version: int,
        weight: float = 1.0,
        grows: Callable[..., float] | None = None,
        uses: tuple[Helper, ...] = (),
        libraries: tuple[str, ...] = (),
        parallel: bool = False,
        gpu: bool = False,
        memory: float = GIB,
        loads: str = "",
    ) -> None:
        self.name, self.version, self.weight, self.grows = name, version, weight, grows
        self.function, self.uses, self.libraries = function, uses, libraries
        self.parallel, self.gpu, self.memory, self.loads = parallel, gpu, int(memory), loads
        self.place = f"{function.__module__}:{function.__qualname__}"
        self.works = "work" in inspect.signature(function).parameters
        self.record: type[R] = get_type_hints(function)["return"]
        functools.update_wrapper(self, function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<stage {self.name} {self.version}>"


AnyStage = Stage[..., Storable]


def stage(
    name: str,
    *,
    version: int,
    weight: float = 1.0,
    grows: Callable[..., float] | None = None,
    uses: tuple[Helper, ...] = (),
    libraries: tuple[str, ...] = (),
    parallel: bool = False,
    gpu: bool = False,
    memory: float = GIB,
    loads: str = "",
) -> Callable[[Callable[P, R]], Stage[P, R]]:
    """Makes a stage of a function at the top of a module; see Stage for what the arguments mean.

    The function's positional arguments are the records of a task's inputs, its keywords the task's
    params and, if it takes one, `work`. Its return annotation is the class that the store reads.
    """

    def decorate(function: Callable[P, R]) -> Stage[P, R]:
        return Stage(
            function,
            name,
            version=version,
            weight=weight,
            grows=grows,
            uses=uses,
            libraries=libraries,
            parallel=parallel,
            gpu=gpu,
            memory=memory,
            loads=loads,
        )

    return decorate


def address(thing: AnyStage | type[Storable]) -> str:
    """Where a stage or a class is found by any process: `module:name`."""
    return f"{thing.__module__}:{thing.__qualname__}" if isinstance(thing, type) else thing.place


def stage_at(place: str) -> AnyStage:
    """The stage at an address. Raises ImportError or AttributeError when nothing is there,
    StageError when that is no stage."""
    thing = _at(place)
    if not isinstance(thing, Stage):
        raise StageError(f"{place} is no stage", FAULT)
    return thing


def record_at(place: str) -> type[Storable]:
    """The class of records at an address. Raises as stage_at does."""
    thing = _at(place)
    if not isinstance(thing, type):
        raise StageError(f"{place} is no class of records", FAULT)
    return thing


def _at(place: str) -> object:
    module, _, name = place.partition(":")
    thing: object = importlib.import_module(module)
    for part in name.split("."):
        thing = getattr(thing, part)
    return thing

"""A whole run in a process of its own, to be killed: python -m tests.engine_stages.drive STORE
EXECUTOR JOBS TASKS

TASKS is JSON: a list of [stage, params, positions of its inputs]. Says on stdout what happens, and
exits as the command does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from atlas.engine.executors import open_executor
from atlas.engine.run import run
from atlas.engine.stage import AnyStage
from atlas.engine.store import Store
from atlas.engine.task import Task
from tests.engine_stages.add import add
from tests.engine_stages.trouble import trouble
from tests.engine_stages.wait import wait

STAGES: dict[str, AnyStage] = {"add": add, "trouble": trouble, "wait": wait}


class Lines:
    def begin(self, total: int, cached: int) -> None:
        print(f"begin {total} {cached}", flush=True)

    def start(self, task: Task) -> None:
        print(f"start {task.label}", flush=True)

    def progress(self, task: Task, fraction: float) -> None:
        pass

    def finish(self, task: Task, seconds: float) -> None:
        print(f"finish {task.label}", flush=True)

    def fail(self, task: Task, error: Exception) -> None:
        print(f"fail {error}", flush=True)

    def skip(self, task: Task) -> None:
        print(f"skip {task.label}", flush=True)


def tasks(described: list[tuple[str, dict[str, Any], list[int]]]) -> list[Task]:
    """Tasks labelled by their position."""
    made: list[Task] = []
    for number, (stage, params, inputs) in enumerate(described):
        made.append(
            Task(STAGES[stage], params, tuple(made[place] for place in inputs), label=str(number))
        )
    return made


def main(root: str, executor: str, jobs: str, described: str) -> int:
    try:
        outcome = run(
            tasks(json.loads(described)),
            Store(Path(root)),
            open_executor(executor, int(jobs), 1, Path(root)),
            report=Lines(),
        )
    except KeyboardInterrupt:
        return 130
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Who may start now, and on how many cores: threads of all tasks together are never more than the
cores, and of the tasks that use the GPU one runs at a time.

A stage that is `parallel` gets the share of the cores that its task has of the work beside it: a
layout that takes longer than all else gets all of them, and of sixteen cores one that takes half of
the time gets eight. Every other task gets one.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from functools import cache
from math import ceil

from atlas.engine.executors import Workers
from atlas.engine.task import Task

_WORTH_WAITING = 4  # a task waits for cores until tasks end that take this many times less
_BRIEF = 0.2  # seconds: a task that takes no more is waited for
_SLIGHT = 0.1  # of a core, which is not worth one


class Shares:
    """Deals out the cores of an open executor to tasks, of which `users` are those after each, and
    `chains` the seconds until all that follows from each is done.

    waiting   tasks whose inputs are there, those at the head of the longest chain first
    running   the threads of each task that has started
    """

    def __init__(
        self,
        workers: Workers,
        users: Mapping[Task, Sequence[Task]],
        chains: Mapping[Task, float],
        device: str = "cpu",
    ) -> None:
        self.workers, self.users, self.chains, self.device = workers, users, chains, device
        self.waiting: list[tuple[float, int, Task]] = []
        self.running: dict[Task, int] = {}
        self.seconds = {task: task.weight for task in users}  # about, of each
        self.left = sum(self.seconds.values())  # of all that has not ended
        self._one_gpu = workers.cores is not None  # a cluster may have several
        self._after = cache(self._seconds_after)

    def queue(self, place: int, task: Task, seconds: float) -> None:
        """A task may start, which takes about so many seconds; its place decides between equals."""
        self.left += seconds - self.seconds[task]
        self.seconds[task] = seconds
        heapq.heappush(self.waiting, (-self.chains[task], place, task))

    def start(self) -> tuple[Task, int] | None:
        """The next task and its threads; None while there is no room."""
        passed = []
        found = None
        while self.waiting and len(self.running) < self.workers.slots:
            entry = heapq.heappop(self.waiting)
            task = entry[-1]
            if self._one_gpu and self.on_gpu(task) and any(map(self.on_gpu, self.running)):
                passed.append(entry)
                continue
            if not self._yields(task) and (threads := self._threads(task)):
                self.running[task] = threads
                found = task, threads
            else:
                passed.append(entry)
            break
        for entry in passed:
            heapq.heappush(self.waiting, entry)
        return found

    @property
    def free(self) -> bool:
        """Whether a core has nothing to do; those of a cluster are never this machine's."""
        cores = self.workers.cores
        return cores is None or sum(self.running.values()) < cores

    def end(self, task: Task) -> None:
        """A task has ended, or never starts."""
        self.running.pop(task, None)
        self.left -= self.seconds[task]

    def on_gpu(self, task: Task) -> bool:
        """Whether a task uses the GPU of this run."""
        return task.of.gpu and self.device != "cpu"

    def _yields(self, task: Task) -> bool:
        """Whether a task leaves the last free core, as one at work ends at once, after which may
        come one that wants several and has a longer way on: that one would wait for the task."""
        cores = self.workers.cores
        free = cores is not None and cores - sum(self.running.values())
        return free == 1 and any(
            self.seconds[one] <= _BRIEF < self.seconds[task]
            and any(
                user.of.parallel and self.chains[user] > self.chains[task]
                for user in self.users[one]
            )
            for one in self.running
        )

    def _threads(self, task: Task) -> int:
        """The threads of a task that is next; 0 where it waits."""
        cores, most = self.workers.cores, self.workers.threads
        if not task.of.parallel:
            most = 1
        if cores is None:
            return most
        free = cores - sum(self.running.values())
        own = self.seconds[task]
        beside = max(self.left - own - self._after(task), 0.0)
        share = cores * own / (own + beside) if beside else cores
        # Rounded up: what waits goes beside what follows, and a core with nothing left is idle.
        wanted = max(min(ceil(share - _SLIGHT), most), 1)
        slowest = max((self.seconds[other] for other in self.running), default=0.0)
        if free < wanted and slowest * _WORTH_WAITING <= own:
            return 0
        return max(min(wanted, free), 0)

    def _seconds_after(self, task: Task) -> float:
        """The weight of all that follows from a task."""
        seen: set[Task] = set()
        following = list(self.users[task])
        while following:
            user = following.pop()
            if user not in seen:
                seen.add(user)
                following += self.users[user]
        return sum(user.weight for user in seen)

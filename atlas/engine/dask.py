"""Tasks on a Dask cluster.

Workers say what they have as Dask's resources, `dask worker ADDRESS --resources "GPU=1
MEMORY=32e9"`. Where any of them offers a GPU, tasks that compute on one go to such workers, one for
each GPU; where any offers memory, each task takes what its stage needs of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from atlas import __version__
from atlas.engine.local import cores
from atlas.engine.worker import Order
from atlas.errors import StageError, StoreError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = "10s"  # for a cluster to answer
_Params = ParamSpec("_Params")
_Result = TypeVar("_Result")


class Need(NamedTuple):
    """What a stage needs of its worker: a device (`cpu` is everywhere), and bytes of memory."""

    stage: str
    device: str = "cpu"
    memory: int = 0

    def asked(self, offered: Collection[str]) -> dict[str, float]:
        """Dask's resources for it, of those that any worker offers."""
        gpu = {"GPU": 1.0} if self.device != "cpu" else {}
        every = {**gpu, "MEMORY": float(self.memory)}
        return {name: amount for name, amount in every.items() if name in offered and amount}


class Cluster(Executor):
    """Submits orders with the resources that they need."""

    def __init__(self, client: Client, offered: Collection[str]) -> None:
        self._client, self._offered = client, offered
        self._executors: dict[tuple[tuple[str, float], ...], Executor] = {}

    def submit(
        self, fn: Callable[_Params, _Result], /, *args: _Params.args, **kwargs: _Params.kwargs
    ) -> Future[_Result]:
        """Give a task to the cluster."""
        order = args[0] if args else None
        need = Need("", order.device, order.memory) if isinstance(order, Order) else Need("")
        asked = need.asked(self._offered)
        key = tuple(asked.items())
        if key not in self._executors:
            # pure=False: a task submitted again runs again, instead of giving back its old failure.
            more = {"resources": asked} if asked else {}
            self._executors[key] = self._client.get_executor(pure=False, **more)
        return self._executors[key].submit(fn, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more tasks; wait for those there are, or cancel them."""
        for executor in self._executors.values():
            executor.shutdown(wait=wait)


@contextmanager
def connected(
    address: str, store: Path, needs: Collection[Need] = ()
) -> Iterator[tuple[Executor, int]]:
    """An executor on a running cluster, and how many threads a task may use there. Its workers see
    the store's folder, and have what the stages in `needs` need.

    Raises StageError when the cluster cannot be used, StoreError when the store cannot be written.
    """
    try:
        from distributed import Client
    except ImportError as problem:
        raise StageError(
            "Dask is not installed.", "pip install 'atlas-embeddings[dask]'"
        ) from problem
    try:
        client = Client(address, timeout=_PATIENCE)
    except (OSError, ValueError) as problem:  # asyncio's TimeoutError is an OSError
        raise StageError(
            f"dask:{address}: cannot be reached ({problem})", "Is the scheduler running there?"
        ) from problem
    with client:
        threads = _preflight(client, address, store)
        offers = {
            name: dict(worker.get("resources") or {})
            for name, worker in client.scheduler_info(n_workers=-1)["workers"].items()
        }
        _check_needs(client, address, needs, offers)
        executor = Cluster(client, {name for offer in offers.values() for name in offer})
        try:
            yield executor, threads
        except BaseException:
            executor.shutdown(
                wait=False
            )  # cancels; what runs cannot be stopped, and ends in the store
            raise
        executor.shutdown(wait=True)


def _preflight(client: Client, address: str, store: Path) -> int:
    """Check that every worker can do the work; the threads that a task may use on the smallest of
    them."""
    token = uuid.uuid4().hex
    canary = store / f"canary-{token}"
    try:
        store.mkdir(parents=True, exist_ok=True)
        canary.write_text(token)
    except OSError as problem:
        raise StoreError(
            f"{store}: cannot be written ({problem.strerror})", "Check the permissions there."
        ) from problem
    try:
        answers = client.run(_look, str(canary), on_error="return")
        slots = {
            name: worker["nthreads"]
            for name, worker in client.scheduler_info(n_workers=-1)["workers"].items()
        }
    finally:
        canary.unlink(missing_ok=True)
    if not answers:
        raise StageError(
            f"dask:{address}: the cluster has no workers", f"Start some with: dask worker {address}"
        )
    for worker, answer in answers.items():
        if isinstance(answer, BaseException):
            raise StageError(
                f"The worker {worker} cannot run the atlas ({answer})",
                "Install atlas-embeddings there.",
            ) from answer
        seen, theirs, _ = answer
        if theirs != __version__:
            raise StageError(
                f"The worker {worker} runs atlas {theirs}, this is {__version__}",
                "Install the same version there.",
            )
        if seen != token:
            raise StageError(
                f"The worker {worker} does not see {store}",
                "Put the atlas on a disk that the cluster shares.",
            )
    smallest: int = min(answer[2] // slots.get(worker, 1) for worker, answer in answers.items())
    return max(1, smallest)


def _check_needs(
    client: Client,
    address: str,
    needs: Collection[Need],
    offers: Mapping[str, Mapping[str, float]],
) -> None:
    """Raise StageError for a stage for which no worker has what it needs. Where no worker says
    what it has, each must have the device."""
    offered = {name for offer in offers.values() for name in offer}
    for need in needs:
        asked = need.asked(offered)
        if not any(
            all(offer.get(name, 0) >= amount for name, amount in asked.items())
            for offer in offers.values()
        ):
            told = " ".join(f"{name}={amount:g}" for name, amount in asked.items())
            raise StageError(
                f"dask:{address}: no worker offers what the stage {need.stage} needs, {told}",
                f'Start one with: dask worker {address} --resources "{told}"',
            )
    devices = {need.device for need in needs} - {"cpu"} if "GPU" not in offered else set()
    for device in sorted(devices):
        answers = client.run(_has, device)
        if lacking := [worker for worker, there in answers.items() if not there]:
            raise StageError(
                f"The worker {lacking[0]} has no {device}, and no worker says that it has a GPU",
                f'Start those that have one with: dask worker {address} --resources "GPU=1"',
            )


def _has(device: str) -> bool:
    """On a worker: whether torch can compute on a device there."""
    try:
        import torch

        torch.zeros(1, device=device)
    except (ImportError, RuntimeError, AssertionError, NotImplementedError):
        return False
    return True


def _look(canary: str) -> tuple[str, str, int]:
    """On a worker: what the canary says, the version of the atlas, and the processors."""
    try:
        seen = Path(canary).read_text()
    except OSError:
        seen = ""
    return seen, __version__, cores()

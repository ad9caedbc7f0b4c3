"""Tasks on a Dask cluster."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atlas import __version__
from atlas.engine.local import cores
from atlas.errors import StageError, StoreError

if TYPE_CHECKING:
    from distributed import Client

_PATIENCE = "10s"  # for a cluster to answer


@contextmanager
def connected(address: str, store: Path) -> Iterator[tuple[Executor, int]]:
    """An executor on a running cluster, and how many threads a task may use there. Its workers see
    the store's folder.

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
        # pure=False: a task submitted again runs again, instead of giving back its old failure.
        executor = client.get_executor(pure=False)
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


def _look(canary: str) -> tuple[str, str, int]:
    """On a worker: what the canary says, the version of the atlas, and the processors."""
    try:
        seen = Path(canary).read_text()
    except OSError:
        seen = ""
    return seen, __version__, cores()

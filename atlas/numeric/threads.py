"""How many threads torch and BLAS may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Gives torch `count` threads of its own, at least one, until the block ends.

    One is best where whole blocks are given to threads of Python: torch's own, on a busy machine,
    wait for one another ten times longer than they work.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(max(count, 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Gives numpy's linear algebra one thread until the block ends. Small matrices take a hundred
    times longer with more, on a busy machine."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):
        yield

"""What a stage is told besides its params, and what its process is like."""

from __future__ import annotations

import os
import sys

import numpy as np

from atlas.engine.local import THREADS
from atlas.engine.stage import GIB, Work, stage
from atlas.maps.records import Layout


@stage("told", version=1, parallel=True, gpu=True)
def told(*, method: str = "", work: Work = Work()) -> Layout:
    facts = {
        "location": work.location,
        "span": work.span,
        "device": work.device,
        "threads": work.threads,
        "pid": os.getpid(),
        "limits": {name: os.environ.get(name, "") for name in THREADS},
        "torch": "torch" in sys.modules,
    }
    return Layout(np.zeros((1, 2), np.float32), facts)


@stage("everywhere", version=1, parallel=True)
def everywhere(*before: Layout, number: int, work: Work = Work()) -> Layout:
    """The threads of the libraries that have some."""
    import torch
    from threadpoolctl import threadpool_info

    facts = {
        "threads": work.threads,
        "limits": {name: os.environ.get(name, "") for name in THREADS},
        "torch": torch.get_num_threads(),
        "pools": [pool["num_threads"] for pool in threadpool_info()],
    }
    return Layout(np.zeros((1, 2), np.float32), facts)


@stage("large", version=1, memory=4 * GIB)
def large(*, method: str = "", work: Work = Work()) -> Layout:
    """Told, in much memory."""
    return told(method=method, work=work)

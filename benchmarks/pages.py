"""Pages rendered a second, in one process and in as many as there are cores.

    python benchmarks/pages.py [DIR] [--rounds 3]

DIR is a built atlas, by default ./site. Each round renders all its pages into one folder from the
atlas data there, in a new process, with pictures and files of maps as they are (a template was
edited), in one process and in several by turns. Prints a row for each: pages a second of the wall
clock for the whole process and for the rendering alone, seconds of all processes' processors, and
the ratio of the medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

WHOLE = """
import json, resource, sys, time, uuid
begin = time.perf_counter()
from pathlib import Path
from atlas import atlas_toml
from atlas.cli.commands import warn
from atlas.pipeline import publish
from atlas.pipeline.compose import Rendering

folder, output, jobs = sys.argv[1:]
config = atlas_toml.load(atlas_toml.find(Path(folder)))
publish.code = lambda _: str(uuid.uuid4())
spans = []
render = Rendering.all

def timed(*given):
    start = time.perf_counter()
    try:
        return render(*given)
    finally:
        spans.append(time.perf_counter() - start)

Rendering.all = timed
maps = tuple(
    row.id(model)
    for model in config.models
    for row in model.maps
    if (config.root / "data" / f"{row.id(model)}.json").exists()
)
pages, _ = publish.publish(
    config, maps, config.root / "data", Path(output), lambda _: None, jobs=int(jobs)
)
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(json.dumps({
    "pages": pages,
    "whole": time.perf_counter() - begin,
    "rendering": spans[0],
    "processor": sum(one.ru_utime + one.ru_stime for one in used),
}))
"""


def measured(folder: Path, output: Path, jobs: int) -> dict[str, float]:
    """One rendering in a new process."""
    command = [sys.executable, "-c", WHOLE, str(folder), str(output), str(jobs)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("site"))
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    found: dict[int, list[dict[str, float]]] = {1: [], cores: []}
    with tempfile.TemporaryDirectory() as temporary:
        output = Path(temporary) / "public"
        measured(asked.folder, output, cores)  # draws what the rounds share
        for _ in range(asked.rounds):
            for jobs, rows in found.items():
                rows.append(measured(asked.folder, output, jobs))
    print(f"{'processes':>9} {'pages':>6} {'pages/s':>8} {'rendering':>10} {'processor s':>12}")
    for jobs, rows in found.items():
        whole, rendering = (
            median(row["pages"] / row[name] for row in rows) for name in ("whole", "rendering")
        )
        processor = median(row["processor"] for row in rows)
        pages = int(rows[0]["pages"])
        print(f"{jobs:>9} {pages:>6} {whole:>8.0f} {rendering:>8.0f}/s {processor:>12.1f}")
    for name in ("whole", "rendering"):
        one, several = (median(row[name] for row in rows) for rows in found.values())
        print(f"{name}: {one / several:.2f} times as fast in {cores} processes")


if __name__ == "__main__":
    main()

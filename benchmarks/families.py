"""The table of families of the write-up of inputs_embeds, under the installed transformers.

    python benchmarks/families.py

measures every family that accepts `inputs_embeds` on a tiny random model (about a minute of one
core) and writes `atlas/findings/inputs_embeds/measured/<version of transformers>.json`. To have the
table under another version, run it in an environment that has that:

    python -m venv other
    other/bin/pip install 'transformers==5.*' torch==2.13.0 numpy pydantic pyarrow rich typer
    PYTHONPATH=. other/bin/python benchmarks/families.py
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("USE_TF", "0")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from atlas.findings.inputs_embeds import measured
from atlas.findings.inputs_embeds.stages.families import families


def main() -> None:
    found = families()
    path = Path(measured.__file__).parent / f"{found.versions['transformers']}.json"
    path.write_text(measured.written(found), encoding="utf-8")
    print(
        f"{path.name}: {len(found.rows)} families, {len(found.left_out)} left out,",
        f"{found.seconds:.0f} s of one core",
    )


if __name__ == "__main__":
    main()

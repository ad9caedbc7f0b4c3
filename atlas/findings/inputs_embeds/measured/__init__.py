"""The table of families as it was measured under two versions of transformers, a file each.

Recorded by `benchmarks/families.py`, since a build has one version and little time; a test measures
the table under the installed version again and holds it against the file.
"""

from __future__ import annotations

import json
from importlib.resources import files

from atlas.findings.inputs_embeds.data import Families


def recorded() -> tuple[Families, ...]:
    """The tables, the oldest version first."""
    here = files(__name__)
    tables = [
        Families.model_validate_json(path.read_text(encoding="utf-8"))
        for path in here.iterdir()
        if path.name.endswith(".json")
    ]
    return tuple(sorted(tables, key=lambda table: _numbers(table.versions["transformers"])))


def written(table: Families) -> str:
    """A table as its file holds it: a line for each family, numbers to three digits."""
    content = table.model_dump(mode="json", exclude_defaults=True)
    lines = {
        key: "[\n" + ",\n".join(_line(one) for one in content[key]) + "\n]"
        for key in ("rows", "left_out")
    }
    rest = {key: value for key, value in content.items() if key not in lines}
    parts = [f"{json.dumps(key)}: {value}" for key, value in lines.items()]
    parts += [f"{json.dumps(key)}: {_line(value)}" for key, value in rest.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(_short(value), ensure_ascii=False, separators=(",", ":"))


def _short(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _short(one) for key, one in value.items()}
    return value


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())

"""The scripts' types of what the page of a map is told, from the models that write it.

To write them anew: python tests/js/meta_types.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from atlas.maps.files.meta import Meta

WRITTEN = Path(__file__).resolve().parents[2] / "templates" / "maps" / "map" / "meta.d.ts"
PLAIN = {"integer": "number", "number": "number", "string": "string", "null": "null"}
HEAD = "// Written by tests/js/meta_types.py from atlas/maps/files/meta.py, which says more.\n"


def declarations() -> str:
    """The whole file."""
    schema = Meta.model_json_schema(mode="serialization")
    parts = {**schema["$defs"], "Meta": schema}
    return HEAD + "".join(f"\n{_interface(name, parts[name])}" for name in sorted(parts))


def _interface(name: str, part: dict[str, Any]) -> str:
    wanted = part.get("required", ())
    said = " ".join(part["description"].split())
    fields = "".join(
        f"\t{field}{'' if field in wanted else '?'}: {_type(value)};\n"
        for field, value in part["properties"].items()
    )
    return f"/** {said} */\nexport interface {name} {{\n{fields}}}\n"


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"].rpartition("/")[2])
    if "anyOf" in value:
        return " | ".join(_type(one) for one in value["anyOf"])
    if "prefixItems" in value:
        return f"[{', '.join(map(_type, value['prefixItems']))}]"
    if value["type"] == "array":
        return f"{_type(value['items'])}[]"
    if value["type"] == "object":
        return f"Record<string, {_type(value['additionalProperties'])}>"
    return PLAIN[value["type"]]


if __name__ == "__main__":
    WRITTEN.write_text(declarations(), encoding="utf-8")

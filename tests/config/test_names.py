"""What tables are called, read from a file that may hold anything."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from atlas.config.names import Names, Table, tables

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
)


def test_tables_have_their_place_in_the_file() -> None:
    raw = {"models": [{"id": "a", "maps": [{}, 3, {"name": "x"}]}], "one": {}, "odd": "text"}
    (model,) = tables(raw, "models")
    assert model == Table("models[0]", raw["models"][0])  # type: ignore[index]
    maps = tables(model.keys, "maps", model.place)
    assert [table.place for table in maps] == ["models[0].maps[0]", "models[0].maps[2]"]
    assert tables(raw, "one") == [Table("one", {})]
    assert tables(raw, "odd") == tables(raw, "absent") == []


@given(anything)
def test_no_value_is_too_odd(value: Any) -> None:
    for table in tables({"x": value}, "x"):
        assert table.text("") is None or isinstance(table.text(""), str)
        assert all(isinstance(text, str) for _, text in table.texts(""))


def test_names_are_taken_once_a_sort() -> None:
    names = Names()
    assert names.take("model", "a", "models[0]") is None
    assert names.take("model", "a", "models[0]") is None
    assert names.take("model", "a", "models[1]") == "models[0]"
    assert names.take("map", "a", "x") is None
    assert names.take("model", None, "models[2]") is None
    assert names.unknown("model", "a") is names.unknown("model", None) is None
    assert names.unknown("model", "b") == "no model 'b' (known: a)"
    assert names.unknown("landmark", "b") == "no landmark 'b'"

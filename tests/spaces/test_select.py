from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atlas.errors import StageError
from atlas.spaces.patterns import found
from atlas.spaces.records import KINDS, Vocabulary
from atlas.spaces.stages.select import select

SCRIPTS = ("Latin", "Han", "Digits", "")
ROWS = st.lists(
    st.tuples(
        st.text("ab三9", min_size=1, max_size=3), st.sampled_from(KINDS), st.sampled_from(SCRIPTS)
    ),
    min_size=1,
    max_size=40,
)
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "ids": st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted),
        "kinds": st.lists(st.sampled_from(KINDS), min_size=1, unique=True),
        "scripts": st.lists(st.sampled_from(SCRIPTS), min_size=1, unique=True),
        "pattern": st.sampled_from(["a", "^三", "9$", "^.{2}$", "[ab]+"]),
        "without": st.lists(st.integers(0, 50), min_size=1),
    },
)
LIMIT = st.one_of(
    st.just({}),
    st.integers(1, 50).map(lambda n: {"first": n}),
    st.integers(1, 50).map(lambda n: {"last": n}),
)


def make(rows: list[tuple[str, str, str]]) -> Vocabulary:
    texts, kinds, scripts = zip(*rows, strict=True)
    return Vocabulary(texts, texts, kinds, scripts, "wordpiece")


@settings(max_examples=30)  # each pattern is searched in a process of its own
@given(ROWS, CONDITIONS, LIMIT)
def test_all_conditions_hold(
    rows: list[tuple[str, str, str]], conditions: dict[str, Any], limit: dict[str, int]
) -> None:
    import re

    left = [
        row
        for row, (text, kind, script) in enumerate(rows)
        if ("ids" not in conditions or conditions["ids"][0] <= row <= conditions["ids"][1])
        and ("kinds" not in conditions or kind in conditions["kinds"])
        and ("scripts" not in conditions or script in conditions["scripts"])
        and ("pattern" not in conditions or re.search(conditions["pattern"], text))
        and row not in conditions.get("without", ())
    ]
    left = (
        left[: limit["first"]]
        if "first" in limit
        else left[-limit["last"] :]
        if "last" in limit
        else left
    )
    if left:
        found = select(make(rows), **conditions, **limit).ids
        assert found.tolist() == left and found.dtype == np.int32
    else:
        with pytest.raises(StageError) as caught:
            select(make(rows), **conditions, **limit)
        assert caught.value.hint


def test_without_conditions_everything() -> None:
    assert select(make([("a", "word", "Latin")] * 7)).ids.tolist() == list(range(7))


def test_a_pattern_has_a_time_limit() -> None:
    texts = ["a" * 60 + "!", "b"]
    begin = time.perf_counter()
    with pytest.raises(StageError, match=r"takes longer than 0\.5 s on 2 tokens"):
        found("(a+)+$", texts, 0.5)
    assert time.perf_counter() - begin < 60
    assert found("^.$", texts) == [1]
    assert found("\\ud800", ["\ud800", "x"]) == [0]

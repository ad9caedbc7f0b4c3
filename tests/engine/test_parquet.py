"""Parquet tables: what is written is read back, and smaller than without a choice of encodings."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.engine.parquet import numbers, of_numbers, write_table

_KINDS = {
    "whole": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "small": (pa.uint8(), st.integers(0, 255)),
    "part": (pa.float32(), st.floats(width=32, allow_nan=False)),
    "text": (pa.string(), st.text(max_size=5)),
    "wholes": (pa.list_(pa.int32()), st.lists(st.integers(0, 9), max_size=4)),
    "parts": (pa.list_(pa.float32()), st.lists(st.floats(width=32, allow_nan=False), max_size=4)),
    "texts": (pa.list_(pa.string()), st.lists(st.text(max_size=3), max_size=3)),
}


_COLUMNS = st.sampled_from(sorted(_KINDS)).flatmap(
    lambda name: st.lists(st.none() | _KINDS[name][1], max_size=12).map(
        lambda values: pa.table({name: pa.array(values, _KINDS[name][0])})
    )
)


@given(_COLUMNS)
def test_what_is_written_is_read_back(table: pa.Table) -> None:
    raw = io.BytesIO()
    write_table(table, raw)
    assert pq.read_table(raw).equals(table)


@given(
    st.sampled_from(["whole", "small", "part"]).flatmap(
        lambda name: st.tuples(st.just(_KINDS[name][0]), st.lists(_KINDS[name][1], max_size=12))
    ),
    st.integers(0, 12),
)
def test_numbers_are_those_that_arrow_gives(of: tuple[pa.DataType, list[float]], cut: int) -> None:
    kind, values = of
    expected = pa.array(values, kind)
    made = of_numbers(np.array(values), kind)
    assert made.equals(expected)
    for parts in ([made], [made[:cut], made[cut:]], [made[cut:]]):
        column = pa.chunked_array(parts, kind)
        np.testing.assert_array_equal(numbers(column), column.to_numpy())
        assert numbers(column).dtype == column.to_numpy().dtype
    assert numbers(pa.chunked_array([], kind)).size == 0


@pytest.mark.filterwarnings("ignore:Exporting an unversioned")  # NumPy tries that then, too
def test_a_column_that_lacks_a_number_is_refused() -> None:
    with pytest.raises(pa.ArrowTypeError):
        numbers(pa.array([1, None], pa.int32()))


def test_a_map_s_table_is_smaller_than_without_a_choice() -> None:
    random = np.random.default_rng(0)
    rows, k = 4000, 15
    similar = np.round(np.sort(random.random((rows, k)))[:, ::-1], 4).astype(np.float32)
    offsets = np.arange(0, rows * k + 1, k, dtype=np.int32)
    table = pa.table(
        {
            "token_id": pa.array(np.sort(random.permutation(30_000)[:rows]), pa.int32()),
            "text": [f"word{row * 7919 % rows}" for row in range(rows)],
            "x": random.normal(size=rows).astype(np.float32),
            "kind": ["word", "continuation"] * (rows // 2),
            "near": pa.ListArray.from_arrays(offsets, pa.array(similar.ravel())),
        }
    )
    chosen, plain = io.BytesIO(), io.BytesIO()
    write_table(table, chosen)
    pq.write_table(table, plain, compression="zstd")
    assert chosen.tell() < 0.9 * plain.tell()

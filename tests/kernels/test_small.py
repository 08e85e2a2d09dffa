"""Packing of bits, gathering, sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.kernels import bits, itemset
from fedras.kernels.aggregate import accumulate
from fedras.kernels.gather import gather


@st.composite
def integers(draw: st.DrawFn) -> tuple[list[int], int]:
    width = draw(st.integers(0, 31))
    return draw(st.lists(st.integers(0, 2**width - 1), max_size=50)), width


@given(integers())
def test_packed_bits_are_those_of_one_big_integer(case: tuple[list[int], int]) -> None:
    values, width = case
    packed = bits.pack(np.array(values, np.int32), width)
    whole = sum(value << (i * width) for i, value in enumerate(values))
    assert packed.tobytes() == whole.to_bytes((len(values) * width + 7) // 8, "little")
    assert bits.unpack(packed, len(values), width).tolist() == values


@given(st.data())
def test_gather_takes_rows_one_after_another(data: st.DataObject) -> None:
    ragged = data.draw(st.lists(st.lists(st.integers(0, 99), max_size=5), min_size=1, max_size=8))
    rows = data.draw(st.lists(st.integers(0, len(ragged) - 1), max_size=10))
    indptr = np.cumsum([0, *map(len, ragged)])
    items = np.array([item for row in ragged for item in row], np.int32)
    taken, bounds = gather(indptr, items, np.array(rows, np.int64))
    parts = [taken[bounds[i] : bounds[i + 1]].tolist() for i in range(len(rows))]
    assert parts == [ragged[row] for row in rows]
    assert bounds[0] == 0
    assert bounds[-1] == len(taken)
    assert taken.dtype == np.int32


@pytest.mark.parametrize("d", [1, 3, 8])
def test_accumulate_adds_at_repeated_rows(d: int) -> None:
    rng = np.random.default_rng(d)
    total, count = rng.normal(size=(20, d)), rng.integers(0, 9, 20)
    rows = rng.integers(0, 20, 100).astype(np.int32)
    values = rng.normal(size=(100, d)).astype(np.float32)
    expected_total, expected_count = total.copy(), count.copy()
    np.add.at(expected_total, rows, values.astype(np.float64))
    np.add.at(expected_count, rows, 1)
    accumulate(total, count, rows, values)
    np.testing.assert_allclose(total, expected_total, rtol=1e-12, atol=1e-12)
    assert count.tolist() == expected_count.tolist()


def test_accumulate_keeps_what_float32_would_lose() -> None:
    total, count = np.zeros((1, 1)), np.zeros(1, np.int64)
    for value in (1e8, 1.0, -1e8):
        accumulate(total, count, np.zeros(1, np.int32), np.full((1, 1), value, np.float32))
    assert total[0, 0] == 1.0
    assert count[0] == 3


@given(st.lists(st.integers(0, 2**31 - 1), max_size=40), st.lists(st.integers(0, 50), max_size=20))
def test_item_set_is_a_set(items: list[int], asked: list[int]) -> None:
    members = itemset.empty(len(items))
    known: set[int] = set()
    for item in items:
        assert itemset.add(members, item) == (item not in known)
        known.add(item)
    for item in [*items, *asked]:
        assert itemset.contains(members, item) == (item in known)

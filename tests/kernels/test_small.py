"""Packing of bits, sets of items, numbers that are none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.kernels import bits, itemset
from fedras.kernels.finite import all_finite


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


@given(st.lists(st.integers(0, 2**31 - 1), max_size=40), st.lists(st.integers(0, 50), max_size=20))
def test_item_set_is_a_set(items: list[int], asked: list[int]) -> None:
    members = itemset.empty(len(items))
    known: set[int] = set()
    for item in items:
        assert itemset.add(members, item) == (item not in known)
        known.add(item)
    for item in [*items, *asked]:
        assert itemset.contains(members, item) == (item in known)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_bad_number_is_found_wherever_it_is(bad: float) -> None:
    good = np.array([[3.4028235e38, -3.4028235e38, 0], [1e-45, -0.0, 1]], np.float32)
    assert all_finite(good)
    assert all_finite(good[:0])
    for place in np.ndindex(good.shape):
        damaged = good.copy()
        damaged[place] = bad
        assert not all_finite(damaged)
        assert not all_finite(damaged.T)

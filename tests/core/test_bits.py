"""Packing of small integers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.core.coding import pack_bits, unpack_bits


@st.composite
def integers(draw: st.DrawFn) -> tuple[list[int], int]:
    width = draw(st.integers(0, 31))
    return draw(st.lists(st.integers(0, 2**width - 1), max_size=50)), width


@given(integers())
def test_packed_bits_are_those_of_one_big_integer(case: tuple[list[int], int]) -> None:
    values, width = case
    packed = pack_bits(np.array(values, np.int32), width)
    whole = sum(value << (i * width) for i, value in enumerate(values))
    assert packed == whole.to_bytes((len(values) * width + 7) // 8, "little")
    assert unpack_bits(packed, len(values), width).tolist() == values


@pytest.mark.parametrize(("value", "width"), [(8, 3), (-1, 31), (1, 0), (1, 33), (1, -1)])
def test_what_does_not_fit_is_refused(value: int, width: int) -> None:
    with pytest.raises(ValueError, match="bits"):
        pack_bits(np.array([value], np.int32), width)


@pytest.mark.parametrize(("n", "width"), [(5, 4), (-1, 4), (1, 33), (1, -1), (2**40, 0)])
def test_too_few_bytes_are_refused(n: int, width: int) -> None:
    assert unpack_bits(b"\x21\x43", 4, 4).tolist() == [1, 2, 3, 4]
    with pytest.raises(ValueError, match=r"b(its|ytes)"):
        unpack_bits(b"\x21\x43", n, width)

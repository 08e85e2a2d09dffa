"""Popularity: ranks that follow Zipf's law."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.core.sampling import zipf_rank

draws = st.floats(0, 1, exclude_max=True)
many = st.integers(1, 2**31 - 1)


def place(draw: float, n: int, exponent: float) -> float:
    """Return where a draw lies in [1, n + 1) by the library's powers and logarithms."""
    if abs(exponent - 1) < 1e-6:
        return math.exp(draw * math.log(n + 1))
    return float((1 + draw * ((n + 1) ** (1 - exponent) - 1)) ** (1 / (1 - exponent)))


@given(draws, many, st.just(1.0) | st.floats(0, 0.999) | st.floats(1.001, 4))
def test_a_rank_is_the_whole_part_of_a_place(draw: float, n: int, exponent: float) -> None:
    rank = zipf_rank(draw, n, exponent)
    assert 0 <= rank < n
    assert rank + 1 == pytest.approx(int(place(draw, n, exponent)), rel=1e-9, abs=1)


def test_ranks_are_those_of_the_mathematical_library() -> None:
    for n, exponent in ((10, 0.0), (1000, 0.5), (1000, 1.0), (70_000, 1.2), (500, 4.0)):
        for i in range(2000):
            draw = (i + 0.5) / 2000
            assert zipf_rank(draw, n, exponent) == min(int(place(draw, n, exponent)), n) - 1


@pytest.mark.parametrize(
    "wrong", [(1.0, 5, 1.0), (0.5, 0, 1.0), (0.5, 5, -1.0), (0.5, 5, math.nan)]
)
def test_what_is_no_such_law_is_refused(wrong: tuple[float, int, float]) -> None:
    with pytest.raises(ValueError, match=r"exponent|item"):
        zipf_rank(*wrong)

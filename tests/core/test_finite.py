"""Whether numbers are numbers."""

import numpy as np
import pytest

from fedras.core.numbers import all_finite, all_within


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


@pytest.mark.parametrize("value", [2.5, -2.5, np.inf, -np.inf, np.nan])
def test_what_is_beyond_the_largest_is_found(value: float) -> None:
    values = np.full((5, 3), -2.0, np.float32)
    assert all_within(values, 2.0)
    values[4, 1] = value
    assert not all_within(values, 2.0)
    assert all_within(values[:4], 2.0)

"""Coverage, popularity and the Gini index of what is recommended."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.data import from_columns, leave_one_out
from fedras.evaluation import beyond

counts = st.lists(st.integers(0, 50), min_size=1, max_size=30)


def test_by_hand() -> None:
    lists = np.array([[0, 1], [0, 2], [0, -1]], np.int32)
    popularity = np.array([0.5, 0.25, 0.0, 1.0])
    found = beyond.measured(lists, popularity)
    assert found == {
        "coverage@10": 0.75,
        "popularity@10": pytest.approx((3 * 0.5 + 0.25 + 0.0) / 5),
        "gini@10": pytest.approx((-3 * 0 - 1 * 1 + 1 * 1 + 3 * 3) / (3 * 5)),
    }


def test_popularity_counts_users_in_training_once() -> None:
    users, items = [1, 1, 1, 1, 2, 2, 3], [7, 7, 8, 9, 7, 9, 9]
    data = from_columns("t", users, items, keep_repeats=True)
    split = leave_one_out(data)  # without the last 9 of users 1 and 2
    found = beyond.popularity(split, data.n_items)
    assert found.tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])


@given(counts)
def test_gini_is_half_the_mean_difference_over_the_mean(values: list[int]) -> None:
    """Its other definition, with all pairs of two different items."""
    x, n = np.array(values, np.float64), len(values)
    found = beyond.gini(x)
    assert 0 <= found <= 1 + 1e-12
    if n > 1 and x.sum():
        pairs = np.abs(x[:, None] - x[None]).sum() / (n * (n - 1))
        assert found == pytest.approx(pairs / (2 * x.mean()), abs=1e-12)
    assert beyond.gini(x[::-1].copy()) == found


@given(st.integers(2, 30), st.integers(1, 9))
def test_extremes_of_gini(n: int, times: int) -> None:
    assert beyond.gini(np.full(n, float(times))) == pytest.approx(0, abs=1e-12)
    only = np.zeros(n)
    only[n // 2] = times
    assert beyond.gini(only) == pytest.approx(1)


def test_nothing_recommended_is_nothing_covered() -> None:
    found = beyond.measured(np.full((3, 10), -1, np.int32), np.ones(5))
    assert set(found.values()) == {0.0}

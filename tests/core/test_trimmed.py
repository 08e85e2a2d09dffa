"""Trimmed means and norms of rows against NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.core.threads import set_threads
from fedras.core.updates import by_item, centres, row_norms, scaled


@given(st.lists(st.integers(0, 6), max_size=40))
def test_the_places_of_an_item_are_where_it_stands(rows: list[int]) -> None:
    places, starts = by_item(np.array(rows, np.int32), 8)
    assert len(starts) == 9
    for item in range(8):
        expected = [place for place, row in enumerate(rows) if row == item]
        assert places[starts[item] : starts[item + 1]].tolist() == expected


@pytest.mark.parametrize("seed", range(20))
def test_centres_are_means_of_the_middle(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 9, rng.integers(1, 120)).astype(np.int32)
    values = rng.normal(size=(len(rows), 5)).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = 0.5  # ties
    places, starts = by_item(rows, 10)
    count = np.diff(starts)
    trimmed = (rng.random(10) * np.maximum(count - 1, 0) / 2).astype(np.int64)
    out = np.full((10, 5), -7.0)
    centres(values, places, starts, trimmed, out)
    for item in range(10):
        n, cut = int(count[item]), int(trimmed[item])
        if n == 0:
            assert (out[item] == -7).all()
            continue
        middle = np.sort(values[rows == item].astype(np.float64), axis=0)[cut : n - cut]
        np.testing.assert_allclose(out[item], middle.mean(axis=0), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_norms_and_scales_are_those_of_rows(scale: float) -> None:
    values = (scale * np.random.default_rng(0).normal(size=(40, 7))).astype(np.float32)
    values[3] = 0
    norms = row_norms(values)
    np.testing.assert_allclose(norms, np.linalg.norm(values.astype(float), axis=1), rtol=1e-12)
    factors = np.linspace(0, 1, 40)
    expected = (factors[:, None] * values.astype(float)).astype(np.float32)
    assert scaled(values, factors).tobytes() == expected.tobytes()


def test_rows_as_long_as_floats_allow_have_a_norm() -> None:
    values = np.full((1, 4), 3e38, np.float32)
    assert row_norms(values) == pytest.approx(6e38, rel=1e-6)


@pytest.mark.parametrize("count", [1, 2])
def test_many_items_are_those_one_by_one(count: int) -> None:
    set_threads(count)
    rng = np.random.default_rng(1)
    rows, values = rng.integers(0, 500, 3000).astype(np.int32), rng.normal(size=(3000, 3))
    places, starts = by_item(rows, 500)
    out = np.zeros((500, 3))
    centres(values.astype(np.float32), places, starts, np.zeros(500, np.int64), out)
    for item in np.unique(rows):
        mine = np.sort(values[rows == item].astype(np.float32), axis=0)
        assert out[item] == pytest.approx(mine.mean(axis=0, dtype=np.float64), rel=1e-12)


@pytest.mark.parametrize("bad", [-1, 4, 2**31 - 1])
def test_what_is_outside_is_refused(bad: int) -> None:
    values, out = np.zeros((4, 2), np.float32), np.full((2, 2), -7.0)
    places, starts, none = np.arange(4), np.array([0, 2, 4]), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match="outside"):
        by_item(np.array([0, bad], np.int32), 4)
    wrong = [
        (np.array([0, bad, 1, 2]), starts, none),
        (places, np.array([0, 2, 5]), none),
        (places, np.array([bad, 2, 4]), none),
        (places, starts, np.array([0, bad])),
        (places, starts, np.array([1, 0])),
        (places, starts, none[:1]),
    ]
    for each in wrong:
        with pytest.raises(ValueError, match=r"outside|starts|left"):
            centres(values, *each, out)
    assert (out == -7).all()

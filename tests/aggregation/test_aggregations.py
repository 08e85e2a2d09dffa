"""What every registered aggregation keeps, and what the robust ones withstand."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.aggregation import AGGREGATIONS, Aggregation
from fedras.aggregation.median import Median
from fedras.aggregation.trimmed_mean import TrimmedMean
from fedras.codecs import RowUpdate

SIZE, COLUMNS = 12, 3
SHAPE = (SIZE, COLUMNS)
ROBUST = {"median": Median(), "a fifth": TrimmedMean(trim=0.2), "two fifths": TrimmedMean(trim=0.4)}


def updates(seed: int, n: int = 9) -> list[RowUpdate]:
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(n):
        rows = np.flatnonzero(rng.random(SIZE) < 0.6).astype(np.int32)
        values = rng.normal(size=(len(rows), COLUMNS)).astype(np.float32)
        result.append(RowUpdate(rows, values, SIZE))
    return result


def by_item(received: list[RowUpdate], item: int) -> np.ndarray:
    own = [update.values[update.rows == item] for update in received]
    return np.concatenate([np.zeros((0, COLUMNS)), *own])


@pytest.fixture(params=AGGREGATIONS.names())
def aggregation(request: pytest.FixtureRequest) -> Aggregation:
    return AGGREGATIONS.get(request.param)()


def test_the_usual_ones_are_there() -> None:
    assert {"mean", "median", "trimmed-mean"} <= set(AGGREGATIONS.names())


@pytest.mark.parametrize("n", [0, 1, 2, 9])
def test_every_item_counts_the_clients_that_trained_it(aggregation: Aggregation, n: int) -> None:
    received = updates(1, n)
    rows, total, count = aggregation.sums(received, SHAPE)
    trained = [len(by_item(received, item)) for item in range(SIZE)]
    assert rows.tolist() == np.flatnonzero(trained).tolist()
    assert rows.dtype == np.int32
    assert total.shape == (len(rows), COLUMNS)
    assert count.tolist() == [n for n in trained if n]


def test_clients_that_agree_are_believed(aggregation: Aggregation) -> None:
    (one,) = updates(3, 1)
    rows, total, count = aggregation.sums([one] * 5, SHAPE)
    assert rows.tolist() == one.rows.tolist()
    np.testing.assert_allclose(total / count[:, None], one.values, rtol=1e-6)
    centre = aggregation.centre(np.repeat(one.values[:1], 5, axis=0))
    np.testing.assert_allclose(centre, one.values[0], rtol=1e-6)


@given(seed=st.integers(0, 1000), order=st.permutations(range(9)))
def test_the_order_of_the_clients_changes_no_bit_of_the_robust_ones(
    seed: int, order: list[int]
) -> None:
    received = updates(seed)
    for aggregation in ROBUST.values():
        one = aggregation.sums(received, SHAPE)
        other = aggregation.sums([received[i] for i in order], SHAPE)
        assert [part.tobytes() for part in one] == [part.tobytes() for part in other]


@given(order=st.permutations(range(9)))
def test_the_order_hardly_changes_the_mean(order: list[int]) -> None:
    mean, received = AGGREGATIONS.get("mean")(), updates(5)
    rows, one, _ = mean.sums(received, SHAPE)
    again, other, _ = mean.sums([received[i] for i in order], SHAPE)
    assert rows.tolist() == again.tolist()
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_without_trimming_it_is_the_mean(seed: int) -> None:
    received = updates(seed)
    rows, total, _ = TrimmedMean(trim=0).sums(received, SHAPE)
    same, expected, _ = AGGREGATIONS.get("mean")().sums(received, SHAPE)
    assert rows.tolist() == same.tolist()
    np.testing.assert_allclose(total, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_median_is_the_median(seed: int) -> None:
    received = updates(seed)
    sums = zip(*Median().sums(received, SHAPE), strict=True)
    for item, total, count in sums:
        expected = np.median(by_item(received, int(item)), axis=0)
        np.testing.assert_allclose(total / count, expected, rtol=1e-6)
    values = np.random.default_rng(seed).normal(size=(8, 4)).astype(np.float32)
    np.testing.assert_allclose(Median().centre(values), np.median(values, axis=0), rtol=1e-6)


@settings(max_examples=200)
@given(
    name=st.sampled_from(sorted(ROBUST)),
    honest=st.lists(st.floats(-10, 10, width=32), min_size=1, max_size=12),
    lies=st.lists(st.floats(-(2.0**100), 2.0**100, width=32), max_size=12),
)
def test_as_many_liars_as_are_trimmed_cannot_leave_the_honest_range(
    name: str, honest: list[float], lies: list[float]
) -> None:
    """The breakdown point: half the clients for the median, the trimmed share for the mean."""
    aggregation, n = ROBUST[name], len(honest) + len(lies)
    left_out = (n - 1) // 2 if name == "median" else int(Fraction(str(aggregation.trim)) * n)  # type: ignore[attr-defined]
    values = np.array([*lies, *honest], np.float32)[:, None]
    (centre,) = aggregation.centre(values)
    if len(lies) <= left_out:
        assert min(honest) - 1e-5 <= centre <= max(honest) + 1e-5


@pytest.mark.parametrize("name", ROBUST)
def test_one_liar_more_breaks_it(name: str) -> None:
    """The bound above is not an accident: with one more liar there is no bound."""
    aggregation, n = ROBUST[name], 11
    enough = {"median": 6, "a fifth": 3, "two fifths": 5}[name]
    values = np.zeros((n, 1), np.float32)
    values[:enough] = 1e30
    assert aggregation.centre(values)[0] >= 1e28
    values[enough - 1 :] = 0
    assert aggregation.centre(values)[0] == 0

"""Bootstrap intervals and paired tests, next to plain loops and to exact distributions."""

from itertools import product
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float64s, Int64s
from fedras.evaluation.significance import difference, intervals

unit = st.floats(0, 1).map(lambda value: round(value, 3))
some = st.lists(st.tuples(unit, unit, st.integers(1, 4)), min_size=1, max_size=25)


def arrays(values: list[tuple[float, float, int]]) -> tuple[Float64s, Float64s, Int64s]:
    """Return the gains of two runs, one metric each, and how many held-out items users have."""
    first, second, counts = (np.array(column) for column in zip(*values, strict=True))
    return (first * counts)[:, None], (second * counts)[:, None], counts.astype(np.int64)


@given(some)
def test_an_interval_contains_the_metric(values: list[tuple[float, float, int]]) -> None:
    gains, _, counts = arrays(values)
    (found,) = intervals(gains, counts)
    assert found.value == pytest.approx(gains.sum() / counts.sum())
    assert found.low - 1e-9 <= found.value <= found.high + 1e-9
    assert min(gains[:, 0] / counts) - 1e-9 <= found.low
    assert found.high <= max(gains[:, 0] / counts) + 1e-9


@given(some, st.randoms())
def test_the_order_of_users_does_not_matter(
    values: list[tuple[float, float, int]], random: Random
) -> None:
    before = difference(*arrays(values)), intervals(arrays(values)[0], arrays(values)[2])
    random.shuffle(values)
    assert before == (difference(*arrays(values)), intervals(arrays(values)[0], arrays(values)[2]))


@given(some)
def test_equal_runs_differ_by_nothing_for_certain(values: list[tuple[float, float, int]]) -> None:
    gains, _, counts = arrays(values)
    (found,) = difference(gains, gains, counts)
    assert found == (0.0, 0.0, 0.0, 1.0, 1.0)


@given(some)
def test_the_other_way_round_only_the_sign_changes(values: list[tuple[float, float, int]]) -> None:
    gains, others, counts = arrays(values)
    (one,), (other,) = difference(gains, others, counts), difference(others, gains, counts)
    assert one.value == pytest.approx(-other.value)
    assert one.p_randomisation == pytest.approx(other.p_randomisation, abs=0.03)
    assert 0 < one.p_bootstrap <= 1


def test_several_metrics_are_what_they_are_alone() -> None:
    rng = np.random.default_rng(2)
    gains, counts = rng.integers(0, 2, (40, 3)).astype(float), np.ones(40, np.int64)
    found = intervals(gains, counts)
    for m, each in enumerate(found):
        assert each.value == pytest.approx(gains[:, m].mean())
        error = 1.96 * np.sqrt(each.value * (1 - each.value) / 40)
        assert each.high - each.low == pytest.approx(2 * error, rel=0.2)


def test_resamples_are_of_users() -> None:
    """A plain loop, which draws users one by one, finds the same bounds within chance."""
    rng = np.random.default_rng(3)
    counts = rng.integers(1, 6, 60)
    gains = rng.binomial(counts, 0.4).astype(float)[:, None]
    (found,) = intervals(gains, counts)
    means = []
    for _ in range(20_000):
        drawn = rng.integers(0, 60, 60)
        means.append(gains[drawn].sum() / counts[drawn].sum())
    low, high = np.quantile(means, (0.025, 0.975))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.015)


def test_randomisation_is_the_exact_test_within_chance() -> None:
    """With ten users all 1,024 assignments of signs can be counted."""
    rng = np.random.default_rng(4)
    gains, others = rng.random((10, 1)) + 0.2, rng.random((10, 1))
    mine = (gains - others)[:, 0]
    signs = np.array(list(product((-1, 1), repeat=10)))
    exact = np.mean(np.abs(signs @ mine) >= abs(mine.sum()) - 1e-12)
    (found,) = difference(gains, others, np.ones(10, np.int64))
    assert 0.01 < exact < 0.9
    assert found.p_randomisation == pytest.approx(exact, abs=0.02)


def test_tests_reject_as_often_as_they_should() -> None:
    """Of runs that differ by luck only, about one in twenty has p below .05."""
    rng = np.random.default_rng(5)
    counts = np.ones(80, np.int64)
    pairs = (rng.random((2, 80, 1)) for _ in range(150))
    luck = [difference(one, other, counts, n)[0] for n, (one, other) in enumerate(pairs)]
    for p in ("p_randomisation", "p_bootstrap"):
        assert 0.005 < np.mean([getattr(each, p) < 0.05 for each in luck]) < 0.13
    better = difference(rng.random((80, 1)) + 0.3, rng.random((80, 1)), counts)[0]
    assert max(better.p_randomisation, better.p_bootstrap) < 0.01
    assert 0 < better.low < better.value < better.high


def test_the_same_seed_gives_the_same_numbers_in_any_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(6)
    gains, others, counts = rng.random((30, 2)), rng.random((30, 2)), np.ones(30, np.int64)
    first = difference(gains, others, counts, seed=7)
    assert difference(gains, others, counts, seed=7) == first
    assert difference(gains, others, counts, seed=8) != first
    monkeypatch.setattr("fedras.evaluation.significance._BLOCK", 100)
    assert difference(gains, others, counts, seed=7) == first


def test_nobody_is_no_error() -> None:
    nothing, none = np.zeros((0, 2)), np.zeros(0, np.int64)
    assert intervals(nothing, none) == [(0.0, 0.0, 0.0)] * 2
    assert difference(nothing, nothing, none) == [(0.0, 0.0, 0.0, 1.0, 1.0)] * 2

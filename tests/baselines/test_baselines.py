"""The laws of each baseline, next to slow twins."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fedras.arrays import AnyArray, Float32s
from fedras.baselines import BASELINES, Rows
from fedras.baselines.ease import EASE
from fedras.baselines.ials import IALS
from fedras.baselines.item_knn import ItemKNN
from fedras.baselines.popularity import Popularity

few = settings(max_examples=30, deadline=None)
matrices = st.tuples(st.integers(1, 12), st.integers(2, 12)).flatmap(
    lambda shape: arrays(np.bool_, shape)
)


def rows_of(matrix: AnyArray) -> Rows:
    """Return the rows of a bool matrix; columns come from last to first, and the first twice."""
    users = [np.append(found[::-1], found[:1]) for found in map(np.flatnonzero, matrix)]
    indptr = np.cumsum([0, *map(len, users)])
    return Rows.of(indptr, np.concatenate(users).astype(np.int32), matrix.shape[1])


def everybody(rows: Rows) -> AnyArray:
    return np.arange(len(rows))


@few
@given(matrices)
def test_rows_are_the_matrix(matrix: AnyArray) -> None:
    rows, x = rows_of(matrix), matrix.astype(np.float32)
    np.testing.assert_array_equal(rows.dense(everybody(rows)), x)
    np.testing.assert_array_equal(rows.transposed.dense(everybody(rows.transposed)), x.T)
    np.testing.assert_array_equal(rows.gram, x.T @ x)
    ends, others, counts = rows.pairs
    together = np.zeros_like(rows.gram)
    together[np.repeat(np.arange(rows.width), np.diff(ends)), others] = counts
    np.testing.assert_array_equal(together, x.T @ x * (1 - np.eye(rows.width)))


@few
@given(matrices)
def test_popularity_is_the_count(matrix: AnyArray) -> None:
    rows = rows_of(matrix)
    scores = Popularity().fit(rows)(everybody(rows))
    np.testing.assert_array_equal(scores, np.tile(matrix.sum(0), (len(matrix), 1)))


@few
@given(matrices, st.sampled_from([5.0, 50.0]))
def test_ease_solves_the_normal_equations_with_a_zero_diagonal(
    matrix: AnyArray, ridge: float
) -> None:
    rows = rows_of(matrix)
    weights = EASE(ridge=ridge).weights(rows)
    assert not np.diag(weights).any()
    gram = rows.gram.astype(np.float64)
    residual = (gram + ridge * np.eye(len(gram))) @ weights - gram
    np.fill_diagonal(residual, 0)  # there the multiplier of the constraint is
    np.testing.assert_allclose(residual, 0, atol=1e-4)


@few
@given(matrices, st.sampled_from([5.0, 50.0]))
def test_ease_is_the_same_by_user_and_by_item(matrix: AnyArray, ridge: float) -> None:
    rows, ease = rows_of(matrix), EASE(ridge=ridge)
    users = everybody(rows)[::-1]
    by_item, by_user = ease.by_item(rows)(users), ease.by_user(rows)(users)
    np.testing.assert_allclose(by_item, by_user, atol=1e-4)


def slow_votes(matrix: AnyArray, neighbours: int, shrinkage: float) -> Float32s:
    x = matrix.astype(np.float64)
    together, count = x.T @ x, x.sum(0)
    alike = together / np.maximum(np.sqrt(np.outer(count, count)) + shrinkage, 1e-12)
    np.fill_diagonal(alike, 0)
    alike = alike.astype(np.float32)
    for row in alike:
        row[np.argsort(-row, kind="stable")[neighbours:]] = 0
    return np.asarray(x @ alike, np.float32)


@few
@given(matrices, st.integers(1, 14), st.sampled_from([0.0, 10.0]))
def test_item_knn_votes_as_a_slow_one_and_popularity_decides_the_rest(
    matrix: AnyArray, neighbours: int, shrinkage: float
) -> None:
    rows = rows_of(matrix)
    scores = ItemKNN(neighbours=neighbours, shrinkage=shrinkage).fit(rows)(everybody(rows))
    votes = slow_votes(matrix, neighbours, shrinkage)
    np.testing.assert_allclose(np.maximum(scores, 0), votes, rtol=1e-5, atol=1e-6)
    popular = np.tile(matrix.sum(0), (len(matrix), 1))
    for mine, counts, voted in zip(scores, popular, votes > 0, strict=True):
        assert (mine[~voted] < 0).all()
        np.testing.assert_array_equal(
            np.argsort(mine[~voted], kind="stable"), np.argsort(counts[~voted], kind="stable")
        )


@few
@given(matrices)
def test_with_all_neighbours_similarity_is_symmetric(matrix: AnyArray) -> None:
    rows = rows_of(matrix)
    near, weight = ItemKNN(neighbours=rows.width).nearest(rows)
    alike = np.zeros((rows.width, rows.width), np.float32)
    np.add.at(alike, (np.arange(rows.width)[:, None], near), weight)
    np.testing.assert_array_equal(alike, alike.T)
    assert (np.diff(weight, axis=1) <= 0).all()


@few
@given(matrices, st.sampled_from([0.03, 1.0]), st.sampled_from([0.001, 0.1]))
def test_every_sweep_of_ials_lowers_its_loss(matrix: AnyArray, weight: float, decay: float) -> None:
    rows, ials = rows_of(matrix), IALS(dim=4, weight=weight, decay=decay, sweeps=6)
    losses = [ials.loss(rows, *factors) for factors in ials.factors(rows)]
    assert len(losses) == 6
    assert all(after <= before + 1e-4 for before, after in pairwise(losses))


def test_ials_ends_where_no_vector_can_be_better() -> None:
    matrix = np.random.default_rng(1).random((40, 25)) < 0.2
    rows, ials = rows_of(matrix), IALS(dim=3, weight=0.3, decay=0.01, sweeps=400)
    *_, (users, items) = ials.factors(rows)
    w, h, x = users.astype(np.float64), items.astype(np.float64), matrix.astype(np.float64)
    for u in range(40):
        left = h.T @ (h * x[u][:, None]) + 0.3 * h.T @ h
        left += 0.01 * (x[u].sum() + 0.3 * 25) * np.eye(3)
        np.testing.assert_allclose(w[u], np.linalg.solve(left, h.T @ x[u]), atol=2e-3)


@pytest.mark.parametrize("name", BASELINES.names())
def test_a_baseline_keeps_its_contract(name: str) -> None:
    kind = BASELINES.get(name)
    usual = kind()
    assert kind.title
    assert kind.citation
    for setting, values in kind.axes.items():
        assert list(values) == sorted(set(values))
        assert getattr(usual, setting) in values
        for value in values:
            kind.model_validate({setting: value})
    matrix = np.random.default_rng(0).random((30, 20)) < 0.3
    matrix[4], matrix[:, 7] = False, False  # somebody without items, an item without users
    rows, users = rows_of(matrix), np.array([4, 29, 0])
    fitted = usual.fit(rows)
    scores = fitted(users)
    assert scores.dtype == np.float32
    assert scores.shape == (3, 20)
    assert np.isfinite(scores).all()
    scores[:] = np.nan  # it was a new array
    np.testing.assert_array_equal(fitted(users), usual.fit(rows_of(matrix))(users))
    assert 0 < kind.work(rows) < 1e9

"""Rows of matrices against NumPy: gathered, added, compared, and what is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.core.threads import set_threads
from fedras.core.updates import (
    add_rows,
    add_scaled,
    agreement,
    bounds_of,
    changes,
    cosine_counts,
    gather,
)


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


@given(st.sets(st.integers(0, 40)), st.sampled_from([1, 16, 19]), st.integers(0, 2**32))
def test_rows_are_added_as_numpy_adds_them(rows: set[int], d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix, vectors = (rng.normal(size=(n, d)).astype(np.float32) for n in (41, 3))
    taken = np.array(sorted(rows), np.int32)
    index = rng.integers(0, 3, len(taken)).astype(np.int32)
    wanted = matrix.copy()
    wanted[taken] += vectors[index]
    before = matrix.copy()
    add_rows(matrix, taken, vectors, index)
    assert matrix.tobytes() == wanted.tobytes()
    changed, change = changes(before, matrix)
    assert changed.tolist() == taken.tolist()
    assert change.tobytes() == (matrix - before)[taken].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_rows_are_treated_as_numpy_does_on_any_number_of_threads(threads: int) -> None:
    set_threads(threads)
    rng, n = np.random.default_rng(4), 60_000
    matrix, vectors = (rng.normal(size=(k, 19)).astype(np.float32) for k in (n, 5))
    taken = np.flatnonzero(rng.random(n) < 0.7).astype(np.int32)
    index = rng.integers(0, 5, len(taken)).astype(np.int32)
    before = matrix.copy()
    add_rows(matrix, taken, vectors, index)
    wanted = before.copy()
    wanted[taken] += vectors[index]
    assert matrix.tobytes() == wanted.tobytes()
    changed, change = changes(before, matrix)
    assert changed.tolist() == taken.tolist()
    assert change.tobytes() == (matrix - before)[taken].tobytes()
    own = np.arange(len(taken), dtype=np.int32)
    heard, takes = taken[::2].copy(), index[::2].copy()
    mean, counts = cosine_counts(taken, change, own, heard, vectors, takes, 20)
    assert counts.sum() == len(taken)
    assert counts[-1] == len(heard)
    assert counts[10] == len(taken) - len(heard)
    assert mean == pytest.approx(len(heard) / len(taken), rel=1e-6)


def test_a_row_that_is_there_twice_gets_both_in_their_order() -> None:
    set_threads(3)
    n = 50_000
    rows = np.tile(np.array([1, 0, 1], np.int32), n)
    vectors = np.array([[1.0], [1e-3], [-0.7]], np.float32)
    matrix, wanted = np.zeros((2, 1), np.float32), np.zeros((2, 1), np.float32)
    index = np.tile(np.arange(3, dtype=np.int32), n)
    add_rows(matrix, rows, vectors, index)
    np.add.at(wanted, rows, vectors[index])
    assert matrix.tobytes() == wanted.tobytes()


def test_rows_that_differ_hold_nan_or_another_number() -> None:
    one = np.zeros((5, 3), np.float32)
    other = np.array([[0, 0, 0], [0, -0.0, 0], [0, 0, 1e-45], [1, 0, 0], [0, np.nan, 0]])
    assert changes(one, other.astype(np.float32))[0].tolist() == [2, 3, 4]
    assert changes(one[:0], one[:0])[0].tolist() == []


@given(st.sets(st.integers(0, 11)), st.sets(st.integers(0, 11)), st.integers(0, 2**32))
def test_the_mean_cosine_is_that_of_whole_matrices(
    rows: set[int], others: set[int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    whole, other = np.zeros((12, 3), np.float32), np.zeros((12, 3), np.float32)
    mine, theirs = (np.array(sorted(own), np.int32) for own in (rows, others))
    whole[mine] = rng.integers(-2, 3, (len(mine), 3))
    other[theirs] = rng.normal(size=(len(theirs), 3))
    cosines = [
        float(whole[row] @ other[row])
        / max(1e-30, float(np.linalg.norm(whole[row]) * np.linalg.norm(other[row])))
        for row in mine
    ]
    chosen = [np.arange(len(own), dtype=np.int32) for own in (mine, theirs)]
    arrays = mine, whole[mine], chosen[0], theirs, other[theirs], chosen[1]
    got, counts = cosine_counts(*arrays, 4)
    assert counts.sum() == len(mine)
    assert got == pytest.approx(np.mean(cosines) if cosines else 1, abs=1e-5)


def test_the_cosine_of_huge_rows_does_not_overflow() -> None:
    rows, huge = np.zeros(1, np.int32), np.full((1, 4), 3e38, np.float32)
    got, counts = cosine_counts(rows, huge, rows, rows, -huge, rows, 4)
    assert got == pytest.approx(-1)
    assert counts.tolist() == [1, 0, 0, 0]


@given(st.lists(st.integers(0, 2**40), max_size=20))
def test_bounds_are_running_sums(lengths: list[int]) -> None:
    assert bounds_of(np.array(lengths, np.int64)).tolist() == np.cumsum([0, *lengths]).tolist()


@given(st.integers(0, 9), st.sampled_from([1, 7, 32]), st.integers(0, 2**32))
def test_agreement_is_the_cosine_with_the_others(n: int, d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    total, vectors = rng.normal(size=(9, d)), rng.normal(size=(3, d)).astype(np.float32)
    rows = np.sort(rng.permutation(9)[:n]).astype(np.int32)
    index = rng.integers(0, 3, n).astype(np.int32)
    others, own = total[rows].ravel(), vectors[index].astype(np.float64).ravel()
    wanted = own @ others / (np.linalg.norm(own) * np.linalg.norm(others)) if n else 0.0
    assert agreement(total, rows, vectors, index, 0.0) == pytest.approx(wanted, abs=1e-12)
    with_own = total.copy()
    add_scaled(with_own, rows, vectors, index, 0.5)
    total[rows] += 0.5 * vectors[index].astype(np.float64)
    assert with_own.tobytes() == total.tobytes()
    assert agreement(with_own, rows, vectors, index, 0.5) == pytest.approx(wanted, abs=1e-9)


def test_nothing_points_nowhere() -> None:
    rows, zeros = np.arange(2, dtype=np.int32), np.zeros((2, 3), np.float32)
    assert agreement(np.ones((2, 3)), rows, zeros, rows, 0.0) == 0
    assert agreement(np.zeros((2, 3)), rows, zeros + 1, rows, 0.0) == 0


@pytest.mark.parametrize("bad", [-1, 3, 2**31 - 1, -(2**31)])
def test_what_is_outside_is_refused(bad: int) -> None:
    matrix, outside = np.ones((3, 2), np.float32), np.array([0, bad], np.int32)
    fine = np.zeros(2, np.int32)
    for rows, index in ((outside, fine), (fine, outside)):
        with pytest.raises(ValueError, match="outside"):
            add_rows(matrix, rows, matrix, index)
        with pytest.raises(ValueError, match="outside"):
            add_scaled(matrix.astype(np.float64), rows, matrix, index, 1.0)
        with pytest.raises(ValueError, match="outside"):
            agreement(matrix.astype(np.float64), rows, matrix, index, 1.0)
    with pytest.raises(ValueError, match="outside"):
        gather(np.arange(4), fine, outside.astype(np.int64))
    with pytest.raises(ValueError, match="bounds"):
        gather(np.array([0, bad, 2]), fine, np.arange(2))
    assert (matrix == 1).all()


def test_what_does_not_match_is_refused() -> None:
    matrix, rows = np.ones((3, 2), np.float32), np.arange(2, dtype=np.int32)
    with pytest.raises(ValueError, match="match"):
        add_rows(matrix, rows, matrix, rows[:1])
    with pytest.raises(ValueError, match="match"):
        add_rows(matrix, rows, matrix[:, :1].copy(), rows)
    with pytest.raises(ValueError, match="shape"):
        changes(matrix, matrix[:2])
    with pytest.raises(ValueError, match="match"):
        cosine_counts(rows, matrix, rows[:1], rows, matrix, rows, 4)
    wrongs: list[Any] = [matrix.astype(np.float64), matrix.T, matrix[0]]
    for wrong in wrongs:
        with pytest.raises(TypeError):
            add_rows(matrix, rows, wrong, rows)

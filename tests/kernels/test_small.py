"""Gathering, cosines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.kernels import itemset
from fedras.kernels.cosine import mean_cosine
from fedras.kernels.gather import add_rows, copy_rows, differing, gather, write_change


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
    assert differing(before, matrix).tolist() == taken.tolist()


def test_rows_that_differ_hold_nan_or_another_number() -> None:
    one = np.zeros((5, 3), np.float32)
    other = np.array([[0, 0, 0], [0, -0.0, 0], [0, 0, 1e-45], [1, 0, 0], [0, np.nan, 0]])
    assert differing(one, other.astype(np.float32)).tolist() == [2, 3, 4]
    assert differing(one[:0], one[:0]).tolist() == []


@given(st.lists(st.integers(0, 2**31 - 1), max_size=40), st.lists(st.integers(0, 50), max_size=20))
def test_item_set_is_a_set(items: list[int], asked: list[int]) -> None:
    members = itemset.empty(len(items))
    known: set[int] = set()
    for item in items:
        assert itemset.add(members, item) == (item not in known)
        known.add(item)
    for item in [*items, *asked]:
        assert itemset.contains(members, item) == (item in known)


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
    got = mean_cosine(mine, whole[mine], theirs, other[theirs])
    assert got == pytest.approx(np.mean(cosines) if cosines else 1, abs=1e-5)


def test_the_cosine_of_huge_rows_does_not_overflow() -> None:
    rows, huge = np.zeros(1, np.int32), np.full((1, 4), 3e38, np.float32)
    assert mean_cosine(rows, huge, rows, -huge) == pytest.approx(-1)


def test_rows_are_copied_and_subtracted() -> None:
    matrix = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)
    rows, out = np.array([7, 0, 7], np.int32), np.zeros((4, 5), np.float32)
    copy_rows(matrix, rows, out)
    assert (out[:3] == matrix[rows]).all()
    changed = np.zeros((4, 5), np.float32)
    write_change(matrix, rows[::-1].copy(), out, changed)
    assert (changed[:3] == matrix[rows] - matrix[rows[::-1]]).all()
    write_change(matrix, rows[::-1].copy(), out, out)
    assert (out[:3] == matrix[rows] - matrix[rows[::-1]]).all()
    assert not out[3].any()

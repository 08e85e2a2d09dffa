"""Sixteen lanes at a time against NumPy, to the last bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.errors import TypingError

from fedras.arrays import Float32s, Float64s, Int32s
from fedras.kernels import lanes
from fedras.kernels.jit import jit

Vector = Float32s

sizes = st.integers(0, 70)
seeds = st.integers(0, 2**32)


@jit
def dot(a: Vector, b: Vector) -> np.float32:
    return lanes.dot(a, b)


@jit
def squared_distance(a: Vector, b: Vector) -> np.float32:
    return lanes.squared_distance(a, b)


@jit
def combine(out: Vector, a: np.float32, x: Vector, b: np.float32, y: Vector) -> None:
    lanes.combine(out, a, x, b, y)


@jit
def copy(out: Vector, x: Vector) -> None:
    lanes.copy(out, x)


@jit
def accumulate(out: Float64s, x: Vector) -> None:
    lanes.accumulate(out, x)


@jit
def first_largest(values: Vector) -> int:
    return lanes.first_largest(values)


@jit
def add_weighted(out: Vector, weights: Vector, matrix: Vector, rows: Int32s) -> None:
    lanes.add_weighted(out, weights, matrix, rows)


def vectors(n: int, seed: int, count: int = 2) -> list[Vector]:
    return list(np.random.default_rng(seed).normal(size=(count, n)).astype(np.float32))


def added(terms: Vector) -> np.float32:
    """Add up float32[n] in the order that the module describes."""
    side_by_side = np.zeros(lanes.LANES, np.float32)
    whole = len(terms) - len(terms) % lanes.LANES
    for block in terms[:whole].reshape(-1, lanes.LANES):
        side_by_side += block
    while len(side_by_side) > 1:
        low, high = np.split(side_by_side, 2)
        side_by_side = low + high
    total = np.float32(side_by_side[0])
    for term in terms[whole:]:
        total = np.float32(total + term)
    return total


@given(sizes, seeds)
def test_sums_are_in_the_order_that_is_promised(n: int, seed: int) -> None:
    a, b = vectors(n, seed)
    assert dot(a, b) == added(a * b)
    assert squared_distance(a, b) == added((a - b) ** 2)


@given(sizes, seeds)
def test_combinations_are_rounded_like_numpys(n: int, seed: int) -> None:
    x, y = vectors(n, seed)
    a, b = (np.float32(value) for value in np.random.default_rng(seed).normal(size=2))
    out = np.full(n + 1, 7, np.float32)
    combine(out[:n], a, x, b, y)
    assert (out[:n] == a * x + b * y).all()
    assert out[n] == 7
    wanted = a * x + b * y
    combine(x, a, x, b, y)
    assert (x == wanted).all()


@given(sizes, seeds)
def test_copies_and_sums_stay_in_their_place(n: int, seed: int) -> None:
    x, _ = vectors(n, seed)
    out = np.full(n + 1, 7, np.float32)
    copy(out[:n], x)
    assert out.tolist() == [*x.tolist(), 7]
    total = np.random.default_rng(seed).normal(size=n + 1)
    wanted = total + np.append(x, np.float32(0))
    accumulate(total[:n], x)
    assert (total == wanted).all()


@given(st.lists(st.floats(width=32, allow_nan=False) | st.sampled_from([1.0, -1.0, 0.0, -0.0])))
def test_first_largest(values: list[float]) -> None:
    array = np.array([*values, -np.inf], np.float32)
    assert first_largest(array) == array.argmax()
    assert first_largest(array[:0]) == 0


@given(sizes, st.lists(st.integers(0, 4), max_size=9), seeds)
def test_weighted_rows_are_added_in_their_order(n: int, rows: list[int], seed: int) -> None:
    matrix, weights = np.array(vectors(n, seed, 5)), vectors(5, seed)[0]
    total, _ = vectors(n, seed + 1)
    wanted = total.copy()
    for row in rows:
        wanted += weights[row] * matrix[row]
    add_weighted(total, weights, matrix, np.array(rows, np.int32))
    assert (total == wanted).all()


def test_only_contiguous_vectors_of_the_right_type_are_taken() -> None:
    matrix = np.zeros((4, 4), np.float32)
    for wrong in (matrix[:, 0], matrix, matrix[0].astype(np.float64)):
        with pytest.raises(TypingError, match="contiguous vector of float32"):
            dot(wrong, matrix[0])

"""Matrices that are the same on every machine: no logarithm or cosine goes into them."""

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs import RowUpdate


def matrix(n: int, d: int, seed: int = 0) -> Float32s:
    """Return float32[n, d]: of many sizes, near few directions, as an update of items is."""
    rng = np.random.default_rng((seed, n, d))
    directions = rng.random((7, d)) - 0.5
    length = 0.01 / (0.01 + rng.random((n, 1)))
    near = directions[rng.integers(0, 7, n)] + 0.2 * (rng.random((n, d)) - 0.5)
    return (length * near).astype(np.float32)


def some_rows(n: int, size: int, seed: int = 0) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """Return int32[n], ascending, of ``size`` rows."""
    chosen = np.random.default_rng((seed, n, size)).permutation(size)[:n]
    return np.sort(chosen).astype(np.int32)


def update(n: int, d: int, size: int = 0, seed: int = 0) -> RowUpdate:
    """Return an update of n rows of ``size``, by default of all."""
    size = size or max(n, 1)
    return RowUpdate(some_rows(n, size, seed), matrix(n, d, seed), size)

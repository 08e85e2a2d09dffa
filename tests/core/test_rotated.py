"""Rotations of many vectors against matrices, and one bit a number of what they give."""

import numpy as np
import pytest

from fedras.arrays import Float64s
from fedras.core.numbers import read_rotated, rotated_rows, write_rotated
from fedras.core.random import bits

SIZE = 64  # of a block
WIDTH = 8  # of a row
LENGTHS = [0, 8, 64, 72, 0, 200, 24]
KEYS = np.arange(3, 3 + len(LENGTHS), dtype=np.uint64)


def transform(n: int) -> Float64s:
    """The orthonormal Walsh-Hadamard matrix of a power of two."""
    result = np.ones((1, 1))
    while len(result) < n:
        result = np.kron([[1, 1], [1, -1]], result) / np.sqrt(2)
    return result


def rotation(n: int, first: int, key: np.uint64) -> Float64s:
    """The matrix by which a block of n numbers is rotated that starts at ``first``."""
    result, power = np.eye(n), 1 << (n.bit_length() - 1)
    for turn, part in enumerate((slice(None, power), slice(n - power, None))):
        draws = [bits(int(key), 2 * first + turn * n + i) & 1 for i in range(n)]
        result = np.diag([-1.0 if odd else 1.0 for odd in draws]) @ result
        result[part] = transform(power) @ result[part]
    return result


def test_every_block_of_every_vector_is_rotated_and_back() -> None:
    bounds = np.concatenate(([0], np.cumsum(LENGTHS)))
    x = np.random.default_rng(0).normal(size=bounds[-1]).astype(np.float32)
    data = write_rotated(x.reshape(-1, WIDTH), bounds // WIDTH, SIZE, KEYS << np.uint64(32))
    heard, places, good = read_rotated(data, WIDTH, SIZE)
    assert good
    assert places.tolist() == (bounds // WIDTH).tolist()
    compared = 0
    for c, key in enumerate(KEYS):
        blocks = -(-LENGTHS[c] // SIZE)
        assert data[c][:4] == (int(key).to_bytes(4, "little") if blocks else b"")
        scales = np.frombuffer(data[c], "<f4", blocks, 4 if blocks else 0)
        signs = np.frombuffer(data[c], np.uint8, offset=4 + 4 * blocks if blocks else 0)
        negative = np.unpackbits(signs, bitorder="little")
        assert len(negative) == LENGTHS[c]
        for first in range(0, LENGTHS[c], SIZE):
            own = slice(first, min(first + SIZE, LENGTHS[c]))
            block = slice(bounds[c] + own.start, bounds[c] + own.stop)
            matrix = rotation(own.stop - own.start, first, key)
            rotated = matrix @ x[block]
            wanted = (rotated < 0)[np.abs(rotated) > 1e-5]
            assert (negative[own][np.abs(rotated) > 1e-5] == wanted).all()
            scale = (x[block].astype(np.float64) ** 2).sum() / np.abs(rotated).sum()
            assert scales[first // SIZE] == pytest.approx(scale, rel=1e-5)
            back = scale * matrix.T @ (1 - 2.0 * negative[own])
            np.testing.assert_allclose(heard.ravel()[block], back, atol=1e-5)
            compared += 1
    assert compared == sum(-(-n // SIZE) for n in LENGTHS) == 9


@pytest.mark.parametrize("columns", [1, 7, 8, 13])
@pytest.mark.parametrize("block", [8, 64])
def test_so_many_bytes_are_so_many_rows_or_none(columns: int, block: int) -> None:
    lengths = {}
    for n in range(40):
        values = np.ones((n, columns), np.float32)
        (data,) = write_rotated(values, np.array([0, n]), block, KEYS[:1])
        lengths[len(data)] = n
    for length in range(max(lengths)):
        assert rotated_rows(length, columns, block) == lengths.get(length, -1)

"""Rotations of many vectors against matrices, and one bit a number of what they give."""

import numpy as np
import pytest

from fedras.arrays import Float64s
from fedras.kernels.hadamard import decode_signs, encode_signs
from fedras.kernels.random import bits

SIZE = 64  # of a block
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
        draws = [int(bits(key, np.uint64(2 * first + turn * n + i))) & 1 for i in range(n)]
        result = np.diag([-1.0 if odd else 1.0 for odd in draws]) @ result
        result[part] = transform(power) @ result[part]
    return result


def test_every_block_of_every_vector_is_rotated_and_back() -> None:
    bounds = np.concatenate(([0], np.cumsum(LENGTHS)))
    starts = np.concatenate(([0], np.cumsum([-(-n // SIZE) for n in LENGTHS])))
    x = np.random.default_rng(0).normal(size=bounds[-1]).astype(np.float32)
    scales, signs = np.empty(starts[-1], np.float32), np.empty(bounds[-1] // 8, np.uint8)
    encode_signs(x, bounds, SIZE, KEYS, scales, starts, signs)
    heard = np.empty_like(x)
    decode_signs(scales, starts, signs, bounds, SIZE, KEYS, heard)
    negative = np.unpackbits(signs, bitorder="little")
    compared = 0
    for c, key in enumerate(KEYS):
        for first in range(0, LENGTHS[c], SIZE):
            block = slice(bounds[c] + first, bounds[c] + min(first + SIZE, LENGTHS[c]))
            matrix = rotation(int(block.stop - block.start), first, key)
            rotated = matrix @ x[block]
            wanted = (rotated < 0)[np.abs(rotated) > 1e-5]
            assert (negative[block][np.abs(rotated) > 1e-5] == wanted).all()
            scale = (x[block].astype(np.float64) ** 2).sum() / np.abs(rotated).sum()
            assert scales[starts[c] + first // SIZE] == pytest.approx(scale, rel=1e-5)
            back = scale * matrix.T @ (1 - 2.0 * negative[block])
            np.testing.assert_allclose(heard[block], back, atol=1e-5)
            compared += 1
    assert compared == starts[-1] == 9

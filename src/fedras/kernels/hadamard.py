"""Random rotations that cost n log n: random signs, then a Walsh-Hadamard transform, twice."""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.random import bits

_LARGEST = float(np.finfo(np.float32).max)


@jit
def encode_signs(
    x: NDArray[np.float32], size: int, key: np.uint64
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Rotate each block of ``x`` and keep one bit a number and one scale a block.

    Parameters
    ----------
    x
        float32[m], finite.
    size
        The numbers in a block, the last of which may be shorter.
    key
        The stream from which the rotations are drawn.

    Returns
    -------
    The scales |x|^2 / |Rx|_1 of the blocks, float32[ceil(m / size)], and which of the rotated
    numbers are negative, bool[m].
    """
    scales = np.zeros((len(x) + size - 1) // size, np.float32)
    negative = np.zeros(len(x), np.bool_)
    for j in range(len(scales)):
        start = j * size
        block = x[start : start + size].copy()
        largest = 0.0
        for value in block:
            largest = max(largest, abs(np.float64(value)))
        if largest == 0:
            continue
        for i in range(len(block)):
            block[i] = np.float32(block[i] / largest)  # so that no sum leaves float32
        square = 0.0
        for value in block:
            square += np.float64(value) * np.float64(value)
        for turn in range(2):
            _flip(block, key, 2 * start, turn)
            _transform(_part(block, turn))
        total = 0.0
        for i in range(len(block)):
            total += abs(np.float64(block[i]))
            negative[start + i] = block[i] < 0
        scales[j] = np.float32(min(_LARGEST, largest * square / total))
    return scales, negative


@jit
def decode_signs(
    scales: NDArray[np.float32], negative: NDArray[np.bool_], size: int, key: np.uint64
) -> NDArray[np.float32]:
    """Return float32[m] from what `encode_signs` returned, cut to the range of float32."""
    out = np.empty(len(negative), np.float32)
    for j in range(len(scales)):
        start = j * size
        block = out[start : start + size]
        for i in range(len(block)):
            block[i] = np.float32(-1) if negative[start + i] else np.float32(1)
        for turn in range(1, -1, -1):
            _transform(_part(block, turn))
            _flip(block, key, 2 * start, turn)
        for i in range(len(block)):
            value = np.float64(block[i]) * np.float64(scales[j])
            block[i] = np.float32(min(_LARGEST, max(-_LARGEST, value)))
    return out


@jit
def _part(block: NDArray[np.float32], turn: int) -> NDArray[np.float32]:
    """Return what a turn transforms: the longest power of two, from the start, then from the end.

    Together they mix a block of any length.
    """
    power = 1
    while 2 * power <= len(block):
        power *= 2
    return block[:power] if turn == 0 else block[len(block) - power :]


@jit
def _flip(block: NDArray[np.float32], key: np.uint64, counter: int, turn: int) -> None:
    """Change the sign of the numbers whose draw is odd."""
    first = counter + turn * len(block)
    for i in range(len(block)):
        odd = bits(key, np.uint64(first + i)) & np.uint64(1)
        block[i] *= np.float32(1) - np.float32(2) * np.float32(odd)


@jit
def _transform(x: NDArray[np.float32]) -> None:
    """Apply the orthonormal Walsh-Hadamard transform, its own inverse, in place."""
    half = 1
    while half < len(x):
        for start in range(0, len(x), 2 * half):
            low, high = x[start : start + half], x[start + half : start + 2 * half]
            for i in range(half):
                a, b = low[i], high[i]
                low[i] = a + b
                high[i] = a - b
        half *= 2
    x *= np.float32(1 / math.sqrt(len(x)))

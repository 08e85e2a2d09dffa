"""Random rotations that cost n log n: random signs, then a Walsh-Hadamard transform, twice."""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit, long
from fedras.kernels.random import bits

_LARGEST = float(np.finfo(np.float32).max)
_ONE = np.uint8(1)


@long
def encode_signs(
    x: NDArray[np.float32],
    bounds: NDArray[np.int64],
    size: int,
    keys: NDArray[np.uint64],
    scales: NDArray[np.float32],
    starts: NDArray[np.int64],
    signs: NDArray[np.uint8],
) -> None:
    """Rotate each block of each vector and keep one bit a number and one scale a block.

    Parameters
    ----------
    x, bounds
        Vector c is ``x[bounds[c]:bounds[c + 1]]``, finite float32; bounds are multiples of 8.
    size
        The numbers in a block, a multiple of 8; the last block of a vector may be shorter.
    keys
        The streams from which the rotations are drawn, one for each vector.
    scales, starts
        Out: the scales |b|^2 / |Rb|_1 of vector c's blocks b, from ``scales[starts[c]]`` on.
    signs
        Out: one bit for each number of ``x``, from the lowest of a byte on; set where the rotated
        number is negative.
    """
    for c in range(len(keys)):
        for start in range(bounds[c], bounds[c + 1], size):
            block = x[start : min(start + size, bounds[c + 1])].copy()
            first = start - bounds[c]
            scales[starts[c] + first // size] = _encode(block, first, keys[c])
            for byte in range(len(block) // 8):
                packed = np.uint8(0)
                for bit in range(8):
                    packed |= np.uint8(block[8 * byte + bit] < 0) << np.uint8(bit)
                signs[start // 8 + byte] = packed


@jit
def _encode(block: NDArray[np.float32], first: int, key: np.uint64) -> np.float32:
    """Rotate a block in place, up to its length, and return its scale."""
    terms = np.abs(block).astype(np.float64)
    largest = _fold(terms, True)
    if largest == 0:
        return np.float32(0)
    for i in range(len(block)):
        block[i] = np.float32(block[i] / largest)  # so that no sum leaves float32
        terms[i] = np.float64(block[i]) * np.float64(block[i])
    square = _fold(terms, False)
    for turn in range(2):
        _flip(block, key, 2 * first, turn)
        _transform(_part(block, turn))
    for i in range(len(block)):
        terms[i] = abs(np.float64(block[i]))
    return np.float32(min(_LARGEST, largest * square / _fold(terms, False)))


@long
def decode_signs(
    scales: NDArray[np.float32],
    starts: NDArray[np.int64],
    signs: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    size: int,
    keys: NDArray[np.uint64],
    out: NDArray[np.float32],
) -> None:
    """Write the vectors that `encode_signs` coded to ``out``, cut to the range of float32."""
    for c in range(len(keys)):
        for start in range(bounds[c], bounds[c + 1], size):
            block = out[start : min(start + size, bounds[c + 1])]
            for i in range(len(block)):
                negative = (signs[(start + i) // 8] >> np.uint8(i % 8)) & _ONE
                block[i] = np.float32(1) - np.float32(2) * np.float32(negative)
            first = start - bounds[c]
            for turn in range(1, -1, -1):
                _transform(_part(block, turn))
                _flip(block, keys[c], 2 * first, turn)
            scale = np.float64(scales[starts[c] + first // size])
            for i in range(len(block)):
                value = np.float64(block[i]) * scale
                block[i] = np.float32(min(_LARGEST, max(-_LARGEST, value)))


@jit
def _fold(terms: NDArray[np.float64], largest: bool) -> float:
    """Return the largest or the sum of the terms, by halves, which vectorise; they are used up."""
    left = len(terms)
    while left > 1:
        half = left // 2
        low, high = terms[:half], terms[left - half : left]
        if largest:
            for i in range(half):
                low[i] = max(low[i], high[i])
        else:
            for i in range(half):
                low[i] += high[i]
        left -= half
    return np.float64(terms[0])


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
    """Apply the orthonormal Walsh-Hadamard transform, its own inverse, in place.

    Each pass mixes what differs in the two highest bits of its index, which become the lowest
    (Pease, J. ACM 1968). So all passes are alike, vectorise, and leave the numbers in order.
    """
    now, after = x, np.empty_like(x)
    passes = 1
    while passes < len(x):
        if 4 * passes <= len(x):
            _mix_four(now, after)
            passes *= 4
        else:
            _mix_two(now, after)
            passes *= 2
        now, after = after, now
    scale = np.float32(1 / math.sqrt(len(x)))
    for i in range(len(x)):
        x[i] = scale * now[i]


@jit
def _mix_four(x: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    quarter = len(x) // 4
    for i in range(quarter):
        a, b, c, d = x[i], x[quarter + i], x[2 * quarter + i], x[3 * quarter + i]
        first, second, third, fourth = a + b, a - b, c + d, c - d
        out[4 * i], out[4 * i + 1] = first + third, second + fourth
        out[4 * i + 2], out[4 * i + 3] = first - third, second - fourth


@jit
def _mix_two(x: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    half = len(x) // 2
    for i in range(half):
        out[2 * i], out[2 * i + 1] = x[i] + x[half + i], x[i] - x[half + i]

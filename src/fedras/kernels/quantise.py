"""Rounding of matrices to few levels per row, at random without bias or to the nearest."""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import long
from fedras.kernels.random import uniform

SCALE_BYTES = 4
GOOD, BAD_SCALE, BAD_LEVEL = 0, 1, 2
_INFINITY = np.uint32(0x7F800000)  # of positive floats all larger bit patterns are NaN


@long
def quantise(
    values: NDArray[np.float32],
    bounds: NDArray[np.int64],
    levels: int,
    at_random: bool,
    keys: NDArray[np.uint64],
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Divide each row's range, from minus to plus its largest magnitude, into ``2 * levels`` steps.

    Parameters
    ----------
    values, bounds
        float32[n, d], finite: the matrices ``values[bounds[c]:bounds[c + 1]]``.
    levels
        At most 127.
    at_random
        Round up with the probability that makes the mean exact, drawn from ``keys[c]``; else to
        the nearest level.

    Returns
    -------
    The largest magnitudes, float32[n], and the levels, uint8[n, d], of which ``levels`` is zero.
    """
    n, d = values.shape
    scales = np.zeros(n, np.float32)
    codes = np.full((n, d), levels, np.uint8)
    for c in range(len(keys)):
        for i in range(bounds[c], bounds[c + 1]):
            for f in range(d):
                scales[i] = max(scales[i], abs(values[i, f]))
            if scales[i] > 0:
                step = np.float64(scales[i]) / levels
                first = (i - bounds[c]) * d
                for f in range(d):
                    share = uniform(keys[c], np.uint64(first + f)) if at_random else 0.5
                    code = math.floor(values[i, f] / step + levels + share)
                    codes[i, f] = np.uint8(min(max(code, 0), 2 * levels))
    return scales, codes


@long
def dequantise(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    bounds: NDArray[np.int64],
    bits: int,
    values: NDArray[np.float32],
) -> tuple[int, int]:
    """Read scales and levels, of 8 or 4 bits, to float32[n, d].

    The matrix c is ``values[bounds[c]:bounds[c + 1]]`` and its bytes begin at ``starts[c]``: all
    scales, little endian, then the levels, row by row.

    Returns
    -------
    `GOOD`, `BAD_SCALE` for one that is negative or not finite, or `BAD_LEVEL` for one that
    `quantise` never writes; and the level.
    """
    d = values.shape[1]
    levels, width = (1 << (bits - 1)) - 1, (d * bits + 7) // 8
    mask = (1 << bits) - 1
    for c in range(len(bounds) - 1):
        rows = starts[c] + SCALE_BYTES * (bounds[c + 1] - bounds[c])
        for i in range(bounds[c], bounds[c + 1]):
            pattern = np.uint32(0)
            for octet in range(SCALE_BYTES):
                at = starts[c] + SCALE_BYTES * (i - bounds[c]) + octet
                pattern |= np.uint32(np.uint32(data[at]) << np.uint32(8 * octet))
            if pattern >= _INFINITY:
                return BAD_SCALE, 0
            scale = np.float64(np.uint32(pattern).view(np.float32))
            first = rows + (i - bounds[c]) * width
            for f in range(d):
                code = (np.int64(data[first + (f * bits >> 3)]) >> (f * bits & 7)) & mask
                if code > 2 * levels:
                    return BAD_LEVEL, int(code)
                values[i, f] = np.float32(np.float64(code - levels) / levels * scale)
    return GOOD, 0

"""Rounding of a matrix to few levels per row, at random without bias or to the nearest."""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.random import uniform


@jit
def quantise(
    values: NDArray[np.float32], levels: int, at_random: bool, key: np.uint64
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Divide each row's range, from minus to plus its largest magnitude, into ``2 * levels`` steps.

    Parameters
    ----------
    values
        float32[n, d], finite.
    levels
        At most 127.
    at_random
        Round up with the probability that makes the mean exact, drawn from ``key``; else to the
        nearest level.

    Returns
    -------
    The largest magnitudes, float32[n], and the levels, uint8[n, d], of which ``levels`` is zero.
    """
    n, d = values.shape
    scales = np.zeros(n, np.float32)
    codes = np.full((n, d), levels, np.uint8)
    for i in range(n):
        for f in range(d):
            scales[i] = max(scales[i], abs(values[i, f]))
        if scales[i] > 0:
            step = np.float64(scales[i]) / levels
            for f in range(d):
                share = uniform(key, np.uint64(i * d + f)) if at_random else 0.5
                code = math.floor(values[i, f] / step + levels + share)
                codes[i, f] = np.uint8(min(max(code, 0), 2 * levels))
    return scales, codes


@jit
def dequantise(
    scales: NDArray[np.float32], codes: NDArray[np.uint8], levels: int
) -> NDArray[np.float32]:
    """Return float32[n, d] from what `quantise` returned."""
    out = np.empty(codes.shape, np.float32)
    for i in range(len(codes)):
        for f in range(codes.shape[1]):
            share = np.float64(np.int64(codes[i, f]) - levels) / levels
            out[i, f] = np.float32(share * np.float64(scales[i]))
    return out

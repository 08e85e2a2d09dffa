"""Packing of small integers: each takes ``width`` bits, least significant bit first."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def pack(values: NDArray[np.int32], width: int) -> NDArray[np.uint8]:
    """Return uint8[ceil(n * width / 8)]: int32[n] of values below 2^width, width <= 32."""
    out = np.zeros((len(values) * width + 7) // 8, np.uint8)
    pending = np.uint64(0)
    filled = 0
    at = 0
    for value in values:
        pending |= np.uint64(value) << np.uint64(filled)
        filled += width
        while filled >= 8:
            out[at] = np.uint8(pending & np.uint64(255))
            pending >>= np.uint64(8)
            filled -= 8
            at += 1
    if filled > 0:
        out[at] = np.uint8(pending)
    return out


@jit
def unpack(data: NDArray[np.uint8], n: int, width: int) -> NDArray[np.int32]:
    """Return the int32[n] that `pack` packed; ``data`` must hold ceil(n * width / 8) bytes."""
    out = np.empty(n, np.int32)
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    pending = np.uint64(0)
    filled = 0
    at = 0
    for i in range(n):
        while filled < width:
            pending |= np.uint64(data[at]) << np.uint64(filled)
            filled += 8
            at += 1
        out[i] = np.int32(pending & mask)
        pending >>= np.uint64(width)
        filled -= width
    return out

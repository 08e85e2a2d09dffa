"""Integers in ascending order, in about as many bits as it takes to choose them.

The Elias-Fano code [1]_: the low bits as they are, the rest in unary, all values in one string of
flags, of which as many are set as there are values. The flags are coded four at a time by `rans`,
at the rate that this share allows.

References
----------
.. [1] P. Elias, Efficient Storage and Retrieval by Content and Address of Static Files, Journal of
   the ACM 21(2), 1974.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import bits, rans
from fedras.kernels.jit import jit

_ONE = 1 << 40


@jit
def layout(n: int, limit: int) -> tuple[int, int]:
    """Return how many low bits each of n integers up to ``limit`` has, and how many flags follow.

    Flags of which about one in 4 to 8 is set lose less than 0.05 bits an integer to a random set's
    entropy, and are few enough to be coded fast.
    """
    low, share = 0, limit // (4 * max(1, n))
    while share > 1:
        share >>= 1
        low += 1
    return low, n + (limit >> low)


@jit
def room(n: int, limit: int) -> int:
    """Return the most bytes that n integers up to ``limit`` take, coder's state included."""
    low, n_flags = layout(n, limit)
    return (n * low + 7) // 8 + 2 * ((n_flags + 3) // 4) + rans.STATE_BYTES


@jit
def _bounds(n: int, n_flags: int) -> NDArray[np.int64]:
    """Return the coder's bounds for four flags at a time, of which n in ``n_flags`` are set."""
    share = np.float64(n) / np.float64(max(1, n_flags))
    weights = np.empty(16, np.int64)
    for symbol in range(16):
        weight = np.float64(1)
        for flag in range(4):
            weight *= share if (symbol >> flag) & 1 else np.float64(1) - share
        weights[symbol] = np.int64(weight * _ONE)
    return rans.cumulate(weights)


@jit
def put(
    values: NDArray[np.int32], limit: int, state: np.int64, out: NDArray[np.uint8], at: int
) -> tuple[np.int64, int, NDArray[np.uint8]]:
    """Encode the flags of int32[n] in [0, limit], not decreasing.

    Returns the coder's state, where its bytes now begin in ``out``, and the packed low bits.
    """
    low, n_flags = layout(len(values), limit)
    flags = np.zeros((n_flags + 3) // 4, np.int32)
    rest = np.empty(len(values), np.int32)
    for i in range(len(values)):
        place = (values[i] >> low) + i
        flags[place >> 2] |= np.int32(1 << (place & 3))
        rest[i] = values[i] & ((1 << low) - 1)
    state, at = rans.put(flags, _bounds(len(values), n_flags), state, out, at)
    return state, at, bits.pack(rest, low)


@jit
def take(
    data: NDArray[np.uint8],
    at: int,
    state: np.int64,
    limit: int,
    rest: NDArray[np.uint8],
    values: NDArray[np.int32],
) -> tuple[np.int64, int]:
    """Decode as many integers as int32[n] holds, whose packed low bits are ``rest``.

    Returns the coder's state, and the place of its next byte: -1 for bytes that `put` never wrote.
    """
    n = len(values)
    low, n_flags = layout(n, limit)
    flags = np.empty((n_flags + 3) // 4, np.int32)
    state, at = rans.take(data, at, state, _bounds(n, n_flags), flags)
    if at < 0:
        return state, at
    above = np.empty(n + 4, np.int32)
    i = 0
    for group in range(len(flags)):
        if i > n:
            return state, -1
        for flag in range(4):
            above[i] = 4 * group + flag - i  # without a branch, which would be taken at random
            i += (flags[group] >> flag) & 1
    if i != n or (n > 0 and above[n - 1] + n > n_flags):
        return state, -1
    lows = bits.unpack(rest, n, low)
    good, last = True, np.int64(0)
    for i in range(n):
        value = (np.int64(above[i]) << low) | np.int64(lows[i])
        good &= bool(last <= value <= limit)
        values[i] = last = value
    return state, at if good else -1


@jit
def low_bytes(n: int, limit: int) -> int:
    """Return how many bytes the packed low bits of n integers up to ``limit`` take."""
    return (n * layout(n, limit)[0] + 7) // 8

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
_SYMBOLS = 16  # four flags


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
def low_bytes(n: int, limit: int) -> int:
    """Return how many bytes the packed low bits of n integers up to ``limit`` take."""
    return (n * layout(n, limit)[0] + 7) // 8


@jit
def room(n: int, limit: int) -> int:
    """Return the most bytes that n integers up to ``limit`` take, coder's state included."""
    low, n_flags = layout(n, limit)
    return (n * low + 7) // 8 + 2 * ((n_flags + 3) // 4) + rans.STATE_BYTES


@jit
def _bounds(n: int, n_flags: int) -> NDArray[np.int64]:
    """Return the coder's bounds for four flags at a time, of which n in ``n_flags`` are set."""
    share = np.float64(n) / np.float64(max(1, n_flags))
    weights = np.empty(_SYMBOLS, np.int64)
    for symbol in range(_SYMBOLS):
        weight = np.float64(1)
        for flag in range(4):
            weight *= share if (symbol >> flag) & 1 else np.float64(1) - share
        weights[symbol] = np.int64(weight * _ONE)
    return rans.cumulate(weights)


@jit
def _layouts(
    first: NDArray[np.int64], last: NDArray[np.int64], limits: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where each stream's groups of four flags begin, int64[C + 1], and the coder's bounds.

    These are ``shares`` and ``begins`` of `rans.put_all`. Streams are as in `put_all`.
    """
    groups = np.zeros(len(limits) + 1, np.int64)
    shares = np.empty((len(limits), _SYMBOLS + 1), np.int64)
    for c in range(len(limits)):
        n = last[c] - first[c]
        n_flags = layout(n, limits[c])[1]
        groups[c + 1] = groups[c] + (n_flags + 3) // 4
        shares[c] = _bounds(n, n_flags)
    return groups, shares.reshape(shares.size), np.arange(len(limits) + 1) * (_SYMBOLS + 1)


@jit
def put_all(
    values: NDArray[np.int32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    limits: NDArray[np.int64],
    states: NDArray[np.uint64],
    out: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> None:
    """Encode many streams, and end them.

    Parameters
    ----------
    values, first, last, limits
        Stream c is ``values[first[c]:last[c]]``, not decreasing and in [0, limits[c]]. One without
        values and with a limit of 0 takes no bytes but the state's.
    states, out, places
        As for `rans.put_all`.
    """
    groups, shares, begins = _layouts(first, last, limits)
    flags = np.zeros(groups[-1], np.int32)
    for c in range(len(limits)):
        low = layout(last[c] - first[c], limits[c])[0]
        for i in range(last[c] - first[c]):
            place = (values[first[c] + i] >> low) + i
            flags[groups[c] + (place >> 2)] |= np.int32(1 << (place & 3))
    rans.put_all(flags, groups[:-1], groups[1:], shares, begins, states, out, places)
    for c in range(len(limits)):
        at = rans.finish(states[c], out, places[c])
        places[c] = _put_low(values[first[c] : last[c]], limits[c], out, at)


@jit
def _put_low(values: NDArray[np.int32], limit: int, out: NDArray[np.uint8], at: int) -> int:
    """Write the low bits before ``at``; return where they begin."""
    low = layout(len(values), limit)[0]
    if low == 0:
        return at
    rest = np.empty(len(values), np.int32)
    for i in range(len(values)):
        rest[i] = values[i] & ((1 << low) - 1)
    packed = bits.pack(rest, low)
    out[at - len(packed) : at] = packed
    return at - len(packed)


@jit
def take_all(
    data: NDArray[np.uint8],
    places: NDArray[np.int64],
    ends: NDArray[np.int64],
    states: NDArray[np.uint64],
    limits: NDArray[np.int64],
    values: NDArray[np.int32],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Decode what `put_all` encoded.

    Parameters
    ----------
    data, places, ends
        The bytes of stream c begin at ``places[c]``, which is brought up to date, and end before
        ``ends[c]``; see `rans.take_all`.
    states
        Out: uint64[C].
    limits, values, first, last
        As for `put_all`; ``values`` is what is read.

    Returns
    -------
    bool[C], whether each can be what `put_all` wrote, as far as can be seen before the end.
    """
    good = np.empty(len(limits), np.bool_)
    begin = places.copy()
    for c in range(len(limits)):
        places[c] += low_bytes(last[c] - first[c], limits[c])
        states[c] = rans.start(data, places[c], ends[c])
        places[c] += rans.STATE_BYTES
        good[c] = states[c] > 0
    groups, shares, begins = _layouts(first, last, limits)
    flags = np.empty(groups[-1], np.int32)
    rans.take_all(data, places, states, shares, begins, flags, groups[:-1], groups[1:])
    for c in range(len(limits)):
        if good[c]:
            own = values[first[c] : last[c]]
            good[c] = _read(flags[groups[c] : groups[c + 1]], data[begin[c] :], limits[c], own)
    return good


@jit
def _read(
    flags: NDArray[np.int32], rest: NDArray[np.uint8], limit: int, values: NDArray[np.int32]
) -> bool:
    """Read int32[n] from their flags and their low bits; tell whether they are good."""
    n = len(values)
    low, n_flags = layout(n, limit)
    above = np.empty(n + 4, np.int32)
    i = 0
    for group in range(len(flags)):
        if i > n:
            return False
        for flag in range(4):
            above[i] = 4 * group + flag - i  # without a branch, which would be taken at random
            i += (flags[group] >> flag) & 1
    if i != n or (n > 0 and above[n - 1] + n > n_flags):
        return False
    lows = bits.unpack(rest, n, low)
    good, last = True, np.int64(0)
    for i in range(n):
        value = (np.int64(above[i]) << low) | np.int64(lows[i])
        good &= bool(last <= value <= limit)
        values[i] = last = value
    return good

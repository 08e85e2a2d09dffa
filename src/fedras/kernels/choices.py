"""Choices among a few as bytes: for each of many, the shorter of fixed width and entropy coding.

A first byte of 0 announces choices in as many bits as the largest needs. An odd one begins the
count of the most frequent choice (`row_sets.put_count`); there follow the packed low bits of all
counts in ascending order, and the coder's bytes: the counts' flags (`ascending`), then the choices.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import ascending, bits, rans
from fedras.kernels.jit import jit
from fedras.kernels.row_sets import count_bytes, put_count, take_count

_FIXED = 0


@jit
def _width(k: int) -> int:
    """Return how many bits every integer in [0, k) fits into."""
    width = 0
    while (k - 1) >> width > 0:
        width += 1
    return width


@jit
def rooms(bounds: NDArray[np.int64], ks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return int64[C + 1], where the room of each begins in a buffer for `pack`.

    There are ``bounds[c + 1] - bounds[c]`` choices among ``ks[c]``.
    """
    out = np.zeros(len(bounds), np.int64)
    for c in range(len(ks)):
        n = bounds[c + 1] - bounds[c]
        coded = count_bytes(n) + ascending.room(ks[c], n) + 2 * n
        out[c + 1] = out[c] + 1 + max((n * _width(ks[c]) + 7) // 8, coded)
    return out


@jit
def pack(
    choices: NDArray[np.int32],
    bounds: NDArray[np.int64],
    ks: NDArray[np.int64],
    room: NDArray[np.int64],
    out: NDArray[np.uint8],
    order: NDArray[np.int64],
    order_bounds: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Write ``choices[bounds[c]:bounds[c + 1]]``, each in [0, ks[c]), renamed by frequency.

    What is the most frequent becomes 0: names are free, and counts that do not increase take less
    room than the same counts in any order.

    Parameters
    ----------
    out
        Out: c is written to the end of ``out[room[c]:room[c + 1]]``.
    order
        Out: ``order[order_bounds[c]:order_bounds[c + 1]]``, the old name of each new one.

    Returns
    -------
    int64[C], how many bytes each takes.
    """
    lengths = np.empty(len(ks), np.int64)
    for c in range(len(ks)):
        own = choices[bounds[c] : bounds[c + 1]]
        names, renamed, counts = _by_frequency(own, ks[c])
        order[order_bounds[c] : order_bounds[c + 1]] = names
        lengths[c] = _pack(renamed, counts, out[room[c] : room[c + 1]])
    return lengths


@jit
def _by_frequency(
    choices: NDArray[np.int32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Order int32[n] in [0, k) by frequency, of equals the smallest first.

    Returns the names in this order, int64[k], the choices as places in it, and the counts in it.
    """
    counts = np.zeros(k, np.int32)
    for choice in choices:
        counts[choice] += 1
    names = np.argsort(-counts, kind="mergesort")
    place = np.empty(k, np.int32)
    for i in range(k):
        place[names[i]] = i
    return names, place[choices], counts[names]


@jit
def _pack(choices: NDArray[np.int32], counts: NDArray[np.int32], out: NDArray[np.uint8]) -> int:
    n, k, end = len(choices), len(counts), len(out)
    fixed = (n * _width(k) + 7) // 8
    if 2 <= k <= rans.MOST_SYMBOLS:
        state, at = rans.put(
            choices, rans.cumulate(counts.astype(np.int64)), np.int64(rans.START), out, end
        )
        state, at, rest = ascending.put(counts[::-1].copy(), int(counts[0]), state, out, at)
        at = rans.finish(state, out, at)
        at -= len(rest)
        out[at : at + len(rest)] = rest
        at = put_count(int(counts[0]), n, out, at)
        if end - at <= fixed:
            return end - at
    out[end - fixed :] = bits.pack(choices, _width(k))
    out[end - fixed - 1] = np.uint8(_FIXED)
    return fixed + 1


@jit
def unpack(
    data: NDArray[np.uint8],
    data_bounds: NDArray[np.int64],
    ks: NDArray[np.int64],
    bounds: NDArray[np.int64],
    choices: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Read ``data[data_bounds[c]:data_bounds[c + 1]]`` to ``choices[bounds[c]:bounds[c + 1]]``.

    Returns bool[C], whether the bytes are so many choices among ``ks[c]``.
    """
    good = np.empty(len(ks), np.bool_)
    for c in range(len(ks)):
        own = data[data_bounds[c] : data_bounds[c + 1]]
        good[c] = _unpack(own, ks[c], choices[bounds[c] : bounds[c + 1]])
    return good


@jit
def _unpack(data: NDArray[np.uint8], k: int, choices: NDArray[np.int32]) -> bool:
    n = len(choices)
    if len(data) == 0 or (n > 0 and k < 1):
        return False
    if data[0] == _FIXED and len(data) == 1 + (n * _width(k) + 7) // 8:
        choices[:] = bits.unpack(data[1:], n, _width(k))
        return n == 0 or (choices.max() < k and choices.min() >= 0)
    if not data[0] & 1 or not 2 <= k <= rans.MOST_SYMBOLS:
        return False
    return _decode(data, k, choices)


@jit
def _decode(data: NDArray[np.uint8], k: int, choices: NDArray[np.int32]) -> bool:
    n = len(choices)
    most = take_count(data, n)
    low = ascending.low_bytes(k, max(most, 0))
    at = count_bytes(n) + low
    if most < 0 or at > len(data):
        return False
    counts = np.empty(k, np.int32)
    state, place = rans.start(data, at)
    state, place = ascending.take(data, place, state, most, data[at - low : at], counts)
    counts = counts[::-1].copy()
    if place < 0 or counts.sum() != n or counts[0] != most:
        return False
    bounds = rans.cumulate(counts.astype(np.int64))
    state, place = rans.take(data, place, state, bounds, choices)
    if place != len(data) or state != rans.START:
        return False
    for choice in choices:
        counts[choice] -= 1
    return not counts.any()

"""Choices among a few as bytes: for each of many, the shorter of fixed width and entropy coding.

A first byte of 0 announces choices in as many bits as the largest needs. An odd one begins the
count of the most frequent choice (`row_sets.put_count`); there follow the packed low bits of all
counts in ascending order, and the coder's bytes: the counts' flags (`ascending`), then the choices.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import ascending, bits, rans
from fedras.kernels.gather import bounds_of
from fedras.kernels.jit import jit, long
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


@long
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
    renamed, counts = np.empty_like(choices), np.empty(len(order), np.int32)
    for c in range(len(ks)):
        names = slice(order_bounds[c], order_bounds[c + 1])
        own = slice(bounds[c], bounds[c + 1])
        _by_frequency(choices[own], order[names], counts[names], renamed[own])
    at = _encode(renamed, bounds, counts, order_bounds, out, room)
    lengths = np.empty(len(ks), np.int64)
    for c in range(len(ks)):
        own = slice(bounds[c], bounds[c + 1])
        lengths[c] = _shortest(renamed[own], ks[c], out[: room[c + 1]], at[c])
    return lengths


@jit
def _by_frequency(
    choices: NDArray[np.int32],
    names: NDArray[np.int64],
    counts: NDArray[np.int32],
    renamed: NDArray[np.int32],
) -> None:
    """Order int32[n] in [0, k) by frequency, of equals the smallest first.

    Writes the names in this order, int64[k], their counts, int32[k], and the choices as places in
    it, int32[n].
    """
    tally = np.zeros(len(names), np.int32)
    for choice in choices:
        tally[choice] += 1
    names[:] = np.argsort(-tally, kind="mergesort")
    place = np.empty(len(names), np.int32)
    for i in range(len(names)):
        place[names[i]] = i
        counts[i] = tally[names[i]]
    for i in range(len(choices)):
        renamed[i] = place[choices[i]]


@jit
def _encode(
    choices: NDArray[np.int32],
    bounds: NDArray[np.int64],
    counts: NDArray[np.int32],
    order_bounds: NDArray[np.int64],
    out: NDArray[np.uint8],
    room: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Write what the coder makes of the renamed choices to the end of each room; return where.

    It fills the room where there are too few or too many to choose from.
    """
    ks = np.diff(order_bounds)
    end, last, limits = bounds[:-1].copy(), order_bounds[:-1].copy(), np.zeros_like(ks)
    rising = np.empty_like(counts)
    for c in range(len(ks)):
        if _codable(ks[c]):
            end[c], last[c], limits[c] = bounds[c + 1], order_bounds[c + 1], counts[order_bounds[c]]
            rising[order_bounds[c] : last[c]] = counts[order_bounds[c] : last[c]][::-1]
    shares, begins = _shares(rising, order_bounds[:-1], last)
    states, at = np.full(len(ks), rans.START, np.uint64), room[1:].copy()
    rans.put_all(choices, bounds[:-1], end, shares, begins, states, out, at)
    ascending.put_all(rising, order_bounds[:-1], last, limits, states, out, at)
    for c in range(len(ks)):
        n = bounds[c + 1] - bounds[c]
        at[c] = put_count(limits[c], n, out, at[c]) if _codable(ks[c]) else room[c]
    return at


@jit
def _codable(k: int) -> bool:
    return 2 <= k <= rans.MOST_SYMBOLS


@jit
def _shares(
    rising: NDArray[np.int32], first: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the coder's bounds from the counts, each ``rising[first[c]:last[c]]``, from the end.

    They are ``shares`` and ``begins`` of `rans.put_all`; without counts, without bounds.
    """
    begins = np.zeros(len(first) + 1, np.int64)
    shares = np.empty(len(rising) + len(first), np.int64)
    for c in range(len(first)):
        k = last[c] - first[c]
        begins[c + 1] = begins[c] + (k + 1 if k > 0 else 0)
        if k > 0:
            falling = rising[first[c] : last[c]][::-1].astype(np.int64)
            shares[begins[c] : begins[c + 1]] = rans.cumulate(falling)
    return shares, begins


@jit
def _shortest(choices: NDArray[np.int32], k: int, out: NDArray[np.uint8], begin: int) -> int:
    """Write the choices in fixed width if that is shorter than the bytes from ``begin`` on.

    Returns how many bytes they take.
    """
    end, fixed = len(out), (len(choices) * _width(k) + 7) // 8
    if end - begin <= fixed:
        return end - begin
    out[end - fixed :] = bits.pack(choices, _width(k))
    out[end - fixed - 1] = np.uint8(_FIXED)
    return fixed + 1


@long
def unpack(
    data: NDArray[np.uint8],
    data_bounds: NDArray[np.int64],
    ks: NDArray[np.int64],
    bounds: NDArray[np.int64],
    choices: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Read ``data[data_bounds[c]:data_bounds[c + 1]]`` to ``choices[bounds[c]:bounds[c + 1]]``.

    After the last of them ``data`` has 2 bytes more. Returns bool[C], whether the bytes are so many
    choices among ``ks[c]``.
    """
    most = np.full(len(ks), -1)
    for c in range(len(ks)):
        own, n = data[data_bounds[c] : data_bounds[c + 1]], bounds[c + 1] - bounds[c]
        if _codable(ks[c]) and len(own) > 0 and own[0] & 1:
            most[c] = take_count(own, n)
    good = _decode(data, data_bounds, ks, most, bounds, choices)
    for c in range(len(ks)):
        if most[c] < 0:
            own = data[data_bounds[c] : data_bounds[c + 1]]
            good[c] = _fixed(own, ks[c], choices[bounds[c] : bounds[c + 1]])
    return good


@jit
def _fixed(data: NDArray[np.uint8], k: int, choices: NDArray[np.int32]) -> bool:
    """Read choices of fixed width; tell whether ``data`` holds them."""
    n = len(choices)
    fits = len(data) == 1 + (n * _width(k) + 7) // 8 and data[0] == _FIXED
    if not fits or (n > 0 and k < 1):
        return False
    choices[:] = bits.unpack(data[1:], n, _width(k))
    return n == 0 or (choices.max() < k and choices.min() >= 0)


@jit
def _decode(
    data: NDArray[np.uint8],
    data_bounds: NDArray[np.int64],
    ks: NDArray[np.int64],
    most: NDArray[np.int64],
    bounds: NDArray[np.int64],
    choices: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Read what the coder wrote; tell what is good of it.

    ``most``, int64[C], is the largest count of each, -1 for what is not the coder's.
    """
    names = bounds_of(ks)
    first, last, end = names[:-1], names[1:].copy(), bounds[1:].copy()
    rising, at = np.empty(names[-1], np.int32), data_bounds[:-1].copy()
    for c in range(len(ks)):
        if most[c] >= 0:
            at[c] += count_bytes(bounds[c + 1] - bounds[c])
        else:
            last[c], end[c] = first[c], bounds[c]
    states = np.empty(len(ks), np.uint64)
    limits = np.maximum(most, 0)
    good = ascending.take_all(data, at, data_bounds[1:], states, limits, rising, first, last)
    for c in range(len(ks)):
        if most[c] >= 0:
            counts = rising[first[c] : last[c]]
            good[c] &= counts.sum() == bounds[c + 1] - bounds[c] and counts[-1] == most[c]
            if not good[c]:
                last[c], end[c] = first[c], bounds[c]
    shares, begins = _shares(rising, first, last)
    rans.take_all(data, at, states, shares, begins, choices, bounds[:-1], end)
    for c in range(len(ks)):
        if most[c] >= 0 and good[c]:
            counts = rising[first[c] : last[c]]
            good[c] = at[c] == data_bounds[c + 1] and states[c] == rans.START
            for choice in choices[bounds[c] : bounds[c + 1]]:
                counts[len(counts) - 1 - choice] -= 1
            good[c] &= not counts.any()
    return good

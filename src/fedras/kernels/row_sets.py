"""Sets of rows as bytes: for each of many, the shorter of a bitmap and the entropy coder.

No bytes are the set of all rows. A first byte of 0 announces a bitmap of all rows. An odd one
begins the number of rows (`put_count`); there follow the packed low bits of the row numbers less
their ranks, and the coder's bytes (`ascending`).
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import ascending, rans
from fedras.kernels.gather import bounds_of
from fedras.kernels.jit import jit, long

_BITMAP = 0


@jit
def count_bytes(limit: int) -> int:
    """Return how many bytes a count of at most ``limit`` takes."""
    width, largest = 0, 2 * limit + 1
    while largest > 0:
        largest >>= 8
        width += 1
    return width


@jit
def put_count(n: int, limit: int, out: NDArray[np.uint8], at: int) -> int:
    """Write a count of at most ``limit`` before ``at``, return where: 2 n + 1, little endian."""
    width = count_bytes(limit)
    for i in range(width):
        out[at - width + i] = np.uint8(((2 * n + 1) >> (8 * i)) & 255)
    return at - width


@jit
def take_count(data: NDArray[np.uint8], limit: int) -> int:
    """Return the count of at most ``limit`` that ``data`` begins with, -1 where there is none."""
    width = count_bytes(limit)
    value = 0
    for i in range(min(width, len(data))):
        value |= int(data[i]) << (8 * i)
    good = len(data) >= width and value & 1 and value >> 1 <= limit
    return value >> 1 if good else -1


@jit
def rooms(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return int64[C + 1], where each set's room begins in a buffer for `pack_all`.

    Set c has ``counts[c]`` of ``size`` rows.
    """
    out = np.zeros(len(counts) + 1, np.int64)
    for c in range(len(counts)):
        coded = count_bytes(size) + ascending.room(counts[c], size - counts[c])
        out[c + 1] = out[c] + 1 + max((size + 7) // 8, coded)
    return out


@long
def pack_all(
    rows: NDArray[np.int32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    size: int,
    places: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Write the sets ``rows[starts[c]:starts[c] + counts[c]]``; return how many bytes each takes.

    They are strictly increasing in [0, size). Set c is written to the end of
    ``out[places[c]:places[c + 1]]`` (`rooms`).
    """
    listed = np.where(counts < size, counts, 0)  # all rows take no bytes
    limits = np.where(counts < size, size - counts, 0)
    bounds, at = bounds_of(listed), places[1:].copy()
    gaps = np.empty(bounds[-1], np.int32)
    for c in range(len(counts)):
        for i in range(listed[c]):
            gaps[bounds[c] + i] = rows[starts[c] + i] - i
    states = np.full(len(counts), rans.START, np.uint64)
    ascending.put_all(gaps, bounds[:-1], bounds[1:], limits, states, out, at)
    lengths = np.empty(len(counts), np.int64)
    for c in range(len(counts)):
        own = rows[starts[c] : starts[c] + counts[c]]
        begin = put_count(counts[c], size - 1, out, at[c]) if counts[c] < size else places[c + 1]
        lengths[c] = _shortest(own, size, out[: places[c + 1]], begin)
    return lengths


@jit
def _shortest(rows: NDArray[np.int32], size: int, out: NDArray[np.uint8], begin: int) -> int:
    """Write a bitmap in place of the bytes from ``begin`` on if that is shorter.

    Returns how many bytes there are.
    """
    end, octets = len(out), (size + 7) // 8
    if end - begin <= octets:
        return end - begin
    out[end - octets - 1 :] = np.uint8(_BITMAP)
    for row in rows:
        out[end - octets + (row >> 3)] |= np.uint8(1 << (row & 7))
    return octets + 1


@jit
def count(data: NDArray[np.uint8], size: int) -> int:
    """Return how many rows the set ``data`` says it has, at most ``size``; -1 where it is none."""
    if len(data) == 0:
        return size
    if data[0] & 1:
        return take_count(data, size - 1)
    if data[0] != _BITMAP or len(data) != 1 + (size + 7) // 8:
        return -1
    n = 0
    for octet in data:
        left = octet
        while left:
            left &= left - np.uint8(1)
            n += 1
    return n if n <= size else -1


@jit
def count_all(data: NDArray[np.uint8], bounds: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return int64[C], the `count` of each set ``data[bounds[c]:bounds[c + 1]]``."""
    counts = np.empty(len(bounds) - 1, np.int64)
    for c in range(len(counts)):
        counts[c] = count(data[bounds[c] : bounds[c + 1]], size)
    return counts


@long
def unpack_all(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    size: int,
    places: NDArray[np.int64],
    rows: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Read each set ``data[bounds[c]:bounds[c + 1]]`` to ``rows[places[c]:places[c + 1]]``.

    There are as many rows as `count_all` returned, or none where that is -1. After the last set
    ``data`` has 2 bytes more. Returns bool[C], whether they are sets.
    """
    first, last, at = places[:-1], places[1:].copy(), bounds[:-1].copy()
    limits = np.empty(len(at), np.int64)
    coded = np.empty(len(at), np.bool_)
    for c in range(len(at)):
        n = last[c] - first[c]
        coded[c] = at[c] < bounds[c + 1] and data[at[c]] & 1 and n < size
        if coded[c]:
            at[c] += count_bytes(size - 1)
            limits[c] = size - n
        else:
            last[c], limits[c] = first[c], 0
    states = np.empty(len(at), np.uint64)
    good = ascending.take_all(data, at, bounds[1:], states, limits, rows, first, last)
    for c in range(len(at)):
        own = rows[places[c] : places[c + 1]]
        if coded[c]:
            good[c] &= at[c] == bounds[c + 1] and states[c] == rans.START
            for i in range(len(own)):
                own[i] += i
        else:
            good[c] = _plain(data[bounds[c] : bounds[c + 1]], size, own)
    return good


@jit
def _plain(data: NDArray[np.uint8], size: int, rows: NDArray[np.int32]) -> bool:
    """Read all rows from no bytes, or those of a bitmap; tell whether these are such bytes."""
    if len(data) == 0:
        for row in range(len(rows)):
            rows[row] = row
        return len(rows) == size
    if data[0] != _BITMAP or len(data) != 1 + (size + 7) // 8:
        return False
    found = np.empty(8 * len(data), np.int32)
    n = 0
    for row in range(8 * (len(data) - 1)):
        found[n] = row  # without a branch, which would be taken at random
        n += (data[1 + (row >> 3)] >> np.uint8(row & 7)) & 1
    if n != len(rows) or (n > 0 and found[n - 1] >= size):
        return False
    rows[:] = found[:n]
    return True

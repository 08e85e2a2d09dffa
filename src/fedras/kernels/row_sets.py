"""Sets of rows as bytes: for each of many, the shorter of a bitmap and the entropy coder.

No bytes are the set of all rows. A first byte of 0 announces a bitmap of all rows. An odd one
begins the number of rows (`put_count`); there follow the packed low bits of the row numbers less
their ranks, and the coder's bytes (`ascending`).
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import ascending, rans
from fedras.kernels.jit import jit

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
def room(n: int, size: int) -> int:
    """Return the most bytes that a set of n of ``size`` rows takes."""
    coded = count_bytes(size) + ascending.room(n, size - n)
    return 1 + max((size + 7) // 8, coded)


@jit
def pack(rows: NDArray[np.int32], size: int, out: NDArray[np.uint8]) -> int:
    """Write int32[n], strictly increasing in [0, size), to the end of ``out``; return its length.

    ``out`` has `room` for it.
    """
    n, end = len(rows), len(out)
    if n == size:
        return 0
    gaps = np.empty(n, np.int32)
    for i in range(n):
        gaps[i] = rows[i] - i
    state, at, rest = ascending.put(gaps, size - n, np.int64(rans.START), out, end)
    at = rans.finish(state, out, at)
    at -= len(rest)
    out[at : at + len(rest)] = rest
    at = put_count(n, size - 1, out, at)
    bitmap = (size + 7) // 8
    if end - at <= bitmap:
        return end - at
    out[end - bitmap - 1 :] = np.uint8(_BITMAP)
    for row in rows:
        out[end - bitmap + (row >> 3)] |= np.uint8(1 << (row & 7))
    return bitmap + 1


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
def unpack(data: NDArray[np.uint8], size: int, rows: NDArray[np.int32]) -> bool:
    """Read the set ``data`` to int32[n], as many as `count` returned; tell whether it is one."""
    n = len(rows)
    if count(data, size) != n:
        return False
    if len(data) == 0:
        for row in range(size):
            rows[row] = row
        return True
    if data[0] == _BITMAP:
        i = 0
        for row in range(8 * (len(data) - 1)):
            if (data[1 + (row >> 3)] >> np.uint8(row & 7)) & 1:
                if row >= size:
                    return False
                rows[i] = row
                i += 1
        return True
    at = count_bytes(size - 1)
    low = ascending.low_bytes(n, size - n)
    if at + low > len(data):
        return False
    rest = data[at : at + low]
    state, at = rans.start(data, at + low)
    state, at = ascending.take(data, at, state, size - n, rest, rows)
    for i in range(n):
        rows[i] += i
    return at == len(data) and state == rans.START


@jit
def rooms(counts: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return int64[C + 1], where each set's room begins in a buffer for `pack_all`.

    Set c has ``counts[c]`` of ``size`` rows.
    """
    out = np.zeros(len(counts) + 1, np.int64)
    for c in range(len(counts)):
        out[c + 1] = out[c] + room(counts[c], size)
    return out


@jit
def pack_all(
    rows: NDArray[np.int32],
    starts: NDArray[np.int64],
    counts: NDArray[np.int64],
    size: int,
    places: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Write the sets ``rows[starts[c]:starts[c] + counts[c]]`` as `pack` does; return the lengths.

    Set c is written to the end of ``out[places[c]:places[c + 1]]`` (`rooms`).
    """
    lengths = np.empty(len(counts), np.int64)
    for c in range(len(lengths)):
        own = rows[starts[c] : starts[c] + counts[c]]
        lengths[c] = pack(own, size, out[places[c] : places[c + 1]])
    return lengths


@jit
def count_all(data: NDArray[np.uint8], bounds: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return int64[C], the `count` of each set ``data[bounds[c]:bounds[c + 1]]``."""
    counts = np.empty(len(bounds) - 1, np.int64)
    for c in range(len(counts)):
        counts[c] = count(data[bounds[c] : bounds[c + 1]], size)
    return counts


@jit
def unpack_all(
    data: NDArray[np.uint8],
    bounds: NDArray[np.int64],
    size: int,
    places: NDArray[np.int64],
    rows: NDArray[np.int32],
) -> NDArray[np.bool_]:
    """Read each set to ``rows[places[c]:places[c + 1]]`` as `unpack` does; return its bool[C]."""
    good = np.empty(len(bounds) - 1, np.bool_)
    for c in range(len(good)):
        own = rows[places[c] : places[c + 1]]
        good[c] = unpack(data[bounds[c] : bounds[c + 1]], size, own)
    return good

"""Parts of payloads: row sets, small integers and float arrays as bytes, checked when read back."""

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.payload import Part, Payload
from fedras.errors import PayloadError
from fedras.kernels import bits
from fedras.numbers import NUMBERS

_BITMAP, _GAPS = 0, 1


def pack_integers(values: NDArray[np.int32], limit: int) -> bytes:
    """Return int32[n] of values in [0, limit) in ceil(log2(limit)) bits each."""
    return bits.pack(values, _width(limit)).tobytes()


def unpack_integers(data: bytes, n: int, limit: int) -> NDArray[np.int32]:
    """Return the int32[n] that `pack_integers` packed.

    Raises
    ------
    PayloadError
        If ``data`` has another length or holds a value that is not below ``limit``.
    """
    width = _width(limit)
    if len(data) != (n * width + 7) // 8:
        raise PayloadError(f"{len(data)} bytes cannot hold {n} integers of {width} bits")
    values = bits.unpack(np.frombuffer(data, np.uint8), n, width)
    if n and (values.max() >= limit or values.min() < 0):
        raise PayloadError(f"integer {values.max()} is not below {limit}")
    return values


def pack_rows(rows: NDArray[np.int32], size: int) -> bytes:
    """Return int32[n], strictly increasing in [0, size), as bytes.

    All rows take none; else the shorter of a bitmap and the packed gaps between rows.
    """
    if len(rows) == size:
        return b""
    gaps = np.diff(rows, prepend=np.int32(-1)) - np.int32(1)
    widest = int(gaps.max(initial=0)) + 1
    if (len(rows) * _width(widest) + 7) // 8 + 8 < (size + 7) // 8:
        head = np.array([len(rows), widest], "<u4").tobytes()
        return bytes([_GAPS]) + head + pack_integers(gaps, widest)
    flags = np.zeros(size, np.bool_)
    flags[rows] = True
    return bytes([_BITMAP]) + np.packbits(flags, bitorder="little").tobytes()


def unpack_rows(data: bytes, size: int) -> NDArray[np.int32]:
    """Return the int32[n] that `pack_rows` packed.

    Raises
    ------
    PayloadError
        If ``data`` is not what `pack_rows` makes for a matrix of ``size`` rows.
    """
    if not data:
        return np.arange(size, dtype=np.int32)
    if data[0] == _BITMAP and len(data) == 1 + (size + 7) // 8:
        flags = np.unpackbits(np.frombuffer(data, np.uint8, offset=1), bitorder="little")
        if not flags[size:].any():
            return np.flatnonzero(flags[:size]).astype(np.int32)
    if data[0] == _GAPS and len(data) >= 9:
        n, widest = (int(word) for word in np.frombuffer(data, "<u4", count=2, offset=1))
        if n < size and 0 < widest <= size:
            gaps = unpack_integers(data[9:], n, widest)
            rows = np.cumsum(gaps + np.int64(1)) - 1
            if n == 0 or rows[-1] < size:
                return rows.astype(np.int32)
    raise PayloadError(f"{len(data)} bytes are not a set of rows of a matrix of {size} rows")


def pack_floats(values: NDArray[np.float32], numbers: str, key: np.uint64) -> bytes:
    """Return float32[n, d] in the number format of that name.

    Raises
    ------
    PayloadError
        For NaN and infinity: an update that diverged must not leave its sender.
    """
    if not np.isfinite(values).all():
        raise PayloadError("the update holds NaN or infinity: training diverged")
    return NUMBERS.get(numbers).encode(values, key)


def unpack_floats(payload: Payload, part: Part, columns: int) -> NDArray[np.float32]:
    """Return the float32[n, columns] that `pack_floats` packed, n following from the length.

    Raises
    ------
    PayloadError
        If the part is missing, its length does not fit, or a value is not finite.
    """
    if payload.numbers not in NUMBERS:
        raise PayloadError(f"payload with an unknown number format {payload.numbers!r}")
    values = NUMBERS.get(payload.numbers).decode(payload.part(part), columns)
    if not np.isfinite(values).all():
        raise PayloadError("the payload holds NaN or infinity")
    return values


def _width(limit: int) -> int:
    """Return the bits that every integer in [0, limit) fits into."""
    return max(limit - 1, 0).bit_length()

"""Parts of payloads: row sets, small integers and float arrays as bytes, checked when read back."""

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.entropy import MOST_SYMBOLS, Reader, Writer
from fedras.codecs.payload import Part, Payload
from fedras.errors import PayloadError
from fedras.kernels import bits
from fedras.numbers import NUMBERS

_BITMAP, _FIXED = b"\0", b"\0"
_CODED = b"\1"


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


def pack_choices(choices: NDArray[np.int32], counts: NDArray[np.int64]) -> bytes:
    """Return int32[n] of values in [0, k), of which i occurs counts[i] times, as bytes.

    The shorter of fixed width and the range coder, which first sends the counts: int64[k], not
    increasing, so that they take little room.
    """
    fixed = _FIXED + pack_integers(choices, len(counts))
    if not 2 <= len(counts) <= MOST_SYMBOLS:
        return fixed
    writer, most = Writer(), int(counts[0])
    writer.integers(np.array([most], np.int32), len(choices))
    writer.ascending(counts[::-1].astype(np.int32), most)
    writer.symbols(choices, counts)
    return min(fixed, _CODED + writer.to_bytes(), key=len)


def unpack_choices(data: bytes, n: int, k: int) -> NDArray[np.int32]:
    """Return the int32[n] of values in [0, k) that `pack_choices` packed.

    Raises
    ------
    PayloadError
        If ``data`` is not what `pack_choices` makes of so many values.
    """
    if data[:1] == _FIXED:
        return unpack_integers(data[1:], n, k)
    if data[:1] != _CODED or not 2 <= k <= MOST_SYMBOLS:
        raise PayloadError(f"{len(data)} bytes are not {n} choices of {k}")
    reader = Reader(data[1:])
    most = int(reader.integers(1, n)[0])
    counts = reader.ascending(k, most)[::-1]
    if counts.sum(dtype=np.int64) != n:
        raise PayloadError(f"the counts do not add up to {n} choices")
    choices = reader.symbols(n, counts)
    reader.end()
    if (np.bincount(choices, minlength=k) != counts).any():
        raise PayloadError(f"the {n} choices do not have the counts sent with them")
    return choices


def pack_rows(rows: NDArray[np.int32], size: int) -> bytes:
    """Return int32[n], strictly increasing in [0, size), as bytes.

    All rows take none; else the shorter of a bitmap and the range coder.
    """
    n = len(rows)
    if n == size:
        return b""
    writer = Writer()
    writer.integers(np.array([n], np.int32), size - 1)
    writer.ascending(rows - _count_up(n), size - n)
    coded = _CODED + writer.to_bytes()
    if len(coded) < 1 + (size + 7) // 8:
        return coded
    flags = np.zeros(size, np.bool_)
    flags[rows] = True
    return _BITMAP + np.packbits(flags, bitorder="little").tobytes()


def unpack_rows(data: bytes, size: int) -> NDArray[np.int32]:
    """Return the int32[n] that `pack_rows` packed.

    Raises
    ------
    PayloadError
        If ``data`` is not what `pack_rows` makes for a matrix of ``size`` rows.
    """
    if not data:
        return np.arange(size, dtype=np.int32)
    if data[:1] == _BITMAP and len(data) == 1 + (size + 7) // 8:
        flags = np.unpackbits(np.frombuffer(data, np.uint8, offset=1), bitorder="little")
        if not flags[size:].any():
            return np.flatnonzero(flags).astype(np.int32)
    if data[:1] == _CODED and size > 0:
        reader = Reader(data[1:])
        n = int(reader.integers(1, size - 1)[0])
        rows = reader.ascending(n, size - n) + _count_up(n)
        reader.end()
        return rows
    raise PayloadError(f"{len(data)} bytes are not a set of rows of a matrix of {size} rows")


def require_finite(values: NDArray[np.float32]) -> None:
    """Raise PayloadError for NaN and infinity: what diverged must not leave its sender."""
    if not np.isfinite(values).all():
        raise PayloadError(
            "the update holds NaN or infinity: training diverged; lower learning_rate"
        )


def pack_floats(values: NDArray[np.float32], numbers: str, key: np.uint64) -> bytes:
    """Return float32[n, d] in the number format of that name.

    Raises
    ------
    PayloadError
        For NaN and infinity.
    """
    require_finite(values)
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


def _count_up(n: int) -> NDArray[np.int32]:
    return np.arange(n, dtype=np.int32)


def _width(limit: int) -> int:
    """Return the bits that every integer in [0, limit) fits into."""
    return max(limit - 1, 0).bit_length()

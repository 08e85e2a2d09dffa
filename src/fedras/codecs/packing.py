"""Parts of payloads: row sets, small integers and float arrays as bytes, checked when read back."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s
from fedras.codecs.payload import Part, Payload
from fedras.core import coding
from fedras.core.numbers import all_finite
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS


def pack_integers(values: Int32s, limit: int) -> bytes:
    """Return int32[n] of values in [0, limit) in ceil(log2(limit)) bits each."""
    return coding.pack_bits(values, _width(limit))


def unpack_integers(data: bytes, n: int, limit: int) -> Int32s:
    """Return the int32[n] that `pack_integers` packed.

    Raises
    ------
    PayloadError
        If ``data`` has another length or holds a value that is not below ``limit``.
    """
    width = _width(limit)
    if len(data) != (n * width + 7) // 8:
        raise PayloadError(f"{len(data)} bytes cannot hold {n} integers of {width} bits")
    values = coding.unpack_bits(data, n, width)
    if n and (values.max() >= limit or values.min() < 0):
        raise PayloadError(f"integer {values.max()} is not below {limit}")
    return values


def pack_choices(choices: Int32s, bounds: Int64s, ks: Int64s) -> tuple[list[bytes], Int64s]:
    """Return bytes for each part ``choices[bounds[c]:bounds[c + 1]]``, with its values renamed.

    Parameters
    ----------
    choices, bounds
        int32[n] and int64[C + 1]; the values of part c are in [0, ks[c]).
    ks
        int64[C].

    Returns
    -------
    The bytes, and int64[sum of ks], for each part the old name of each new one: 0 is what occurs
    most often.
    """
    return coding.pack_choices(choices, bounds, ks)


def unpack_choices(data: Sequence[bytes], ns: Sequence[int], ks: Sequence[int]) -> list[Int32s]:
    """Return each int32[n] of values in [0, k) that `pack_choices` packed, as it renamed them.

    Raises
    ------
    PayloadError
        If bytes are not what `pack_choices` makes of so many values.
    """
    numbers = np.array(ns, np.int64), np.array(ks, np.int64)
    choices, bounds, good = coding.unpack_choices(data, *numbers)
    if not good.all():
        c = int(np.argmin(good))
        raise PayloadError(f"{len(data[c])} bytes are not {ns[c]} choices of {ks[c]}")
    return [choices[a:b] for a, b in pairwise(bounds.tolist())]


def pack_rows(rows: Int32s, size: int) -> bytes:
    """Return int32[n], strictly increasing in [0, size), as bytes.

    All rows take none; else the shorter of a bitmap and the entropy coder (`core.coding`).
    """
    return pack_row_sets(rows, np.array([0]), np.array([len(rows)]), size)[0]


def unpack_rows(data: bytes, size: int) -> Int32s:
    """Return the int32[n] that `pack_rows` packed.

    Raises
    ------
    PayloadError
        If ``data`` is not what `pack_rows` makes for a matrix of ``size`` rows.
    """
    return unpack_row_sets([data], size)[0]


def pack_row_sets(rows: Int32s, starts: Int64s, counts: Int64s, size: int) -> list[bytes]:
    """Return what `pack_rows` makes of each ``rows[starts[c]:starts[c] + counts[c]]``."""
    return coding.pack_row_sets(rows, starts, counts, size)


def unpack_row_sets(data: Sequence[bytes], size: int) -> list[Int32s]:
    """Return what `unpack_rows` makes of each, all in one call; PayloadError as there."""
    rows, bounds, good = coding.unpack_row_sets(data, size)
    if not good.all():
        wrong = len(data[int(np.argmin(good))])
        raise PayloadError(f"{wrong} bytes are not a set of rows of a matrix of {size} rows")
    return [rows[a:b] for a, b in pairwise(bounds.tolist())]


DIVERGED = "the update holds NaN or infinity: training diverged; lower learning_rate"


def require_finite(values: Float32s) -> None:
    """Raise PayloadError for NaN and infinity: what diverged must not leave its sender."""
    if not all_finite(values):
        raise PayloadError(DIVERGED)


def pack_floats(values: Float32s, numbers: str, key: np.uint64) -> bytes:
    """Return float32[n, d] in the number format of that name.

    Raises
    ------
    PayloadError
        For NaN and infinity.
    """
    bounds = np.array([0, len(values)])
    return pack_matrices(values, bounds, numbers, np.array([key], np.uint64))[0]


def pack_matrices(values: Float32s, bounds: Int64s, numbers: str, keys: UInt64s) -> list[bytes]:
    """Return what `pack_floats` makes of each ``values[bounds[c]:bounds[c + 1]]``."""
    require_finite(values)
    return NUMBERS.get(numbers).encode_all(values, bounds, keys)


def count_rows(payloads: Sequence[Payload]) -> Int64s:
    """Return int64[C], how many rows each payload of one matrix says it has, without reading them.

    Parts that are no set of rows count as none; a payload without a part for them may have all.
    """
    data = [payload.parts.get(Part.ROWS, b"") for payload in payloads]
    counts = coding.count_rows(data, payloads[0].shape[0])
    return np.asarray(np.maximum(counts, 0), np.int64)


def decoded_bytes(payloads: Sequence[Payload]) -> Int64s:
    """Return int64[C], the most bytes that the update of each payload of one matrix may take."""
    if not payloads:
        return np.zeros(0, np.int64)
    per_row = 4 * (payloads[0].shape[1] + 10)  # its number, its action, and what pads its vector
    return per_row * count_rows(payloads)


def count_vectors(payload: Payload, part: Part, columns: int) -> int:
    """Return how many vectors of so many numbers a part holds, told by its length.

    Raises
    ------
    PayloadError
        If the part is missing, its length does not fit, or it has more numbers than the matrix.
    """
    if payload.numbers not in NUMBERS:
        raise PayloadError(f"payload with an unknown number format {payload.numbers!r}")
    count = NUMBERS.get(payload.numbers).count(len(payload.part(part)), columns)
    size, dim = payload.shape
    if count * columns > size * dim:
        raise PayloadError(f"{count} vectors of {columns} numbers for a matrix of {payload.shape}")
    return count


def unpack_floats(payload: Payload, part: Part, columns: int, most: int | None = None) -> Float32s:
    """Return the float32[n, columns] that `pack_floats` packed, n following from the length.

    Nothing is read if there are more vectors than ``most``, or more numbers than the matrix has.

    Raises
    ------
    PayloadError
        For these, and if the part is missing, its length does not fit, or a value is not finite.
    """
    return unpack_matrices([payload], part, columns, None if most is None else [most])[0]


def unpack_matrices(
    payloads: Sequence[Payload], part: Part, columns: int, most: Sequence[int] | None = None
) -> list[Float32s]:
    """Return what `unpack_floats` does of each, for payloads of one number format."""
    counts = [count_vectors(payload, part, columns) for payload in payloads]
    for count, limit in zip(counts, most or counts, strict=True):
        if count > limit:
            raise PayloadError(f"{count} vectors, of which there can be {limit}")
    data = [payload.part(part) for payload in payloads]
    found, bounds = NUMBERS.get(payloads[0].numbers).decode_all(data, columns)
    values = np.ascontiguousarray(found)  # not so where rows of bytes are filled up
    if not all_finite(values):
        raise PayloadError("the payload holds NaN or infinity", "not finite")
    return [values[a:b] for a, b in pairwise(bounds.tolist())]


def _width(limit: int) -> int:
    """Return the bits that every integer in [0, limit) fits into."""
    return max(limit - 1, 0).bit_length()

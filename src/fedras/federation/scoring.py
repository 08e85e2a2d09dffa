"""The scoring model on the wire: what is added to its parameters, in a number format.

Both ways a change crosses, never the parameters themselves: changes are small, so a format of few
bits has little to lose.
"""

from collections.abc import Sequence

import numpy as np

from fedras.arrays import Float32s, UInt64s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode_all
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError

_COLUMNS = 64


def write(change: Float32s, numbers: str, round_: int, key: np.uint64) -> bytes:
    """Return what `write_all` makes of one change, float32[P]."""
    return write_all(change[None], numbers, round_, np.array([key], np.uint64))[0]


def write_all(changes: Float32s, numbers: str, round_: int, keys: UInt64s) -> list[bytes]:
    """Return each of float32[C, P], laid out in rows, as bytes; none if there are no parameters.

    Formats with a scale for each row lose far less with a scale for every 64 numbers than with one
    for all, because the layers of a network change by different amounts. The first row starts with
    zeros: at the end they would drown the last parameter, which is the output's bias in NCF.

    Parameters
    ----------
    changes
        What is added to the parameters, by each client or by the server.
    numbers
        The number format (`fedras.numbers`).
    round_
        The round that the changes belong to.
    keys
        The stream of random numbers that the format may draw from, for each.

    Raises
    ------
    PayloadError
        For NaN and infinity.
    """
    count, size = changes.shape
    if not size:
        return [b""] * count
    filled = np.pad(changes, ((0, 0), (-size % _COLUMNS, 0))).reshape(count, -1, _COLUMNS)
    rows = np.arange(filled.shape[1], dtype=np.int32)
    updates = [RowUpdate(rows, own, len(rows)) for own in filled]
    payloads = Plain(numbers).encode_all(updates, keys)
    return [payload.of_round(round_).to_bytes() for payload in payloads]


def read(data: bytes, size: int, round_: int) -> Float32s:
    """Return what `read_all` makes of one change, float32[size]."""
    change: Float32s = read_all([data], size, round_)[0]
    return change


def read_all(data: Sequence[bytes], size: int, round_: int) -> Float32s:
    """Return the float32[C, size] that `write_all` wrote, as far as its number format keeps it.

    Raises
    ------
    PayloadError
        If any of ``data`` is not that, or of another round.
    """
    changes = np.empty((len(data), size), np.float32)
    if size:
        rows = -(-size // _COLUMNS)
        payloads = [Payload.from_bytes(each, (rows, _COLUMNS), round_) for each in data]
        for change, update in zip(changes, decode_all(payloads), strict=True):
            n = len(update.rows)
            if n != rows:
                raise PayloadError(f"the payload holds {n} rows of a scoring model of {rows}")
            change[:] = update.values.ravel()[-size:]
    return changes

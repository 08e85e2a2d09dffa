"""The scoring model on the wire: what is added to its parameters, in a number format.

Both ways a change crosses, never the parameters themselves: changes are small, so a format of few
bits has little to lose.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError

_COLUMNS = 64


def write(change: NDArray[np.float32], numbers: str, round_: int, key: np.uint64) -> bytes:
    """Return float32[P], laid out in rows, as bytes; none where there are no parameters.

    Formats with a scale for each row lose far less with a scale for every 64 numbers than with one
    for all, because the layers of a network change by different amounts. The first row starts with
    zeros: at the end they would drown the last parameter, which is the output's bias in NCF.

    Parameters
    ----------
    change
        float32[P], what is added to the parameters.
    numbers
        The number format (`fedras.numbers`).
    round_
        The round that the change belongs to.
    key
        The stream of random numbers that the format may draw from.

    Raises
    ------
    PayloadError
        For NaN and infinity.
    """
    if not len(change):
        return b""
    rows = np.pad(change, (-len(change) % _COLUMNS, 0)).reshape(-1, _COLUMNS)
    update = RowUpdate(np.arange(len(rows), dtype=np.int32), rows, len(rows))
    return Plain(numbers).encode(update, key).of_round(round_).to_bytes()


def read(data: bytes, size: int, round_: int) -> NDArray[np.float32]:
    """Return the float32[size] that `write` wrote, as far as its number format keeps it.

    Raises
    ------
    PayloadError
        If ``data`` is not that, or of another round.
    """
    if not size:
        return np.zeros(0, np.float32)
    rows = -(-size // _COLUMNS)
    values = decode(Payload.from_bytes(data, (rows, _COLUMNS), round_)).values
    if len(values) != rows:
        raise PayloadError(f"the payload holds {len(values)} rows of a scoring model of {rows}")
    return np.asarray(values.ravel()[-size:], np.float32)

"""The scoring model on the wire: its parameters as one plain row."""

import numpy as np
from numpy.typing import NDArray

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError

_ONE_ROW = np.zeros(1, np.int32)


def write(parameters: NDArray[np.float32], round_: int) -> bytes:
    """Return float32[P] as bytes; none where there are no parameters."""
    if not len(parameters):
        return b""
    row = RowUpdate(_ONE_ROW, parameters[None, :], 1)
    return Plain().encode(row, np.uint64(0)).of_round(round_).to_bytes()


def read(data: bytes, size: int, round_: int) -> NDArray[np.float32]:
    """Return the float32[size] that `write` wrote.

    Raises
    ------
    PayloadError
        If ``data`` is not that, or of another round.
    """
    if not size:
        return np.zeros(0, np.float32)
    values = decode(Payload.from_bytes(data, (1, size), round_)).values
    if len(values) != 1:
        raise PayloadError("the payload holds no scoring model")
    return np.asarray(values[0], np.float32)

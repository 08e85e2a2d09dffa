"""One bit a number: its sign, and one scale for all rows."""

import numpy as np

from fedras.arrays import Float32s
from fedras.errors import PayloadError
from fedras.numbers.numbers import NUMBERS, Numbers
from fedras.numbers.quantised import read_scales

_SCALE_BYTES = 4


@NUMBERS.register("bit")
class Bit(Numbers):
    """Each number as plus or minus the mean magnitude of them all; exact for binary codes.

    Where rows are about equally long this saves the scale of each row that ``sign`` sends, which
    is as much as the signs of 32 numbers. Bytes: the scale as float32, little endian, then the
    signs of each row, padded to whole bytes; a set bit is negative. No rows take no bytes.
    """

    unbiased = False

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write the scale and the signs."""
        if not len(values):
            return b""
        scale = np.full(1, np.abs(values).mean(dtype=np.float64), "<f4")
        signs = np.packbits(values < 0, axis=1, bitorder="little")
        return scale.tobytes() + signs.tobytes()

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide what the scale leaves."""
        n, rest = divmod(max(0, length - _SCALE_BYTES), (columns + 7) // 8 or 1)
        if columns < 1 or rest or (length and not n):
            raise PayloadError(f"{length} bytes are not rows of {columns} signs")
        return n

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Return the signs times the scale."""
        n = cls.count(len(data), columns)
        if not n:
            return np.zeros((0, columns), np.float32)
        scale = read_scales(data, 1)
        packed = np.frombuffer(data, np.uint8, offset=_SCALE_BYTES).reshape(n, -1)
        negative = np.unpackbits(packed, axis=1, count=columns, bitorder="little")
        return np.where(negative, -scale, scale)

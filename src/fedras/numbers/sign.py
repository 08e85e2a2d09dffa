"""One bit a number: its sign, and a scale for each row."""

import numpy as np

from fedras.arrays import Float32s, Float64s
from fedras.errors import PayloadError
from fedras.numbers.numbers import NUMBERS, Numbers
from fedras.numbers.quantised import read_scales

_SCALE_BYTES = 4


@NUMBERS.register("sign")
class Sign(Numbers):
    """Each number as plus or minus the mean magnitude of its row, the scale that loses least.

    1-bit SGD (Seide et al., Interspeech 2014); scaled signs as in Karimireddy et al., Error
    Feedback Fixes SignSGD, ICML 2019. Bytes: all scales as float32, little endian, then the signs
    of each row, padded to whole bytes; a set bit is negative.
    """

    unbiased = False

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write a scale and the signs of each row."""
        scales: Float64s = np.abs(values).mean(axis=1, dtype=np.float64)
        signs = np.packbits(values < 0, axis=1, bitorder="little")
        return scales.astype("<f4").tobytes() + signs.tobytes()

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide by what a row takes."""
        n, rest = divmod(length, _SCALE_BYTES + (columns + 7) // 8)
        if columns < 1 or rest:
            raise PayloadError(f"{length} bytes are not rows of {columns} signs")
        return n

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Return the signs times the scales."""
        n, width = cls.count(len(data), columns), (columns + 7) // 8
        scales = read_scales(data, n)[:, None]
        packed = np.frombuffer(data, np.uint8, offset=_SCALE_BYTES * n).reshape(n, width)
        negative = np.unpackbits(packed, axis=1, count=columns, bitorder="little")
        return np.where(negative, -scales, scales)

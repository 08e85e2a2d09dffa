"""One bit a number after a random rotation, which makes all numbers of a block alike."""

from collections.abc import Sequence

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.core.numbers import read_rotated, rotated_rows, write_rotated
from fedras.errors import PayloadError
from fedras.numbers.numbers import NUMBERS, Numbers

_BLOCK = 1024


@NUMBERS.register("drive")
class Drive(Numbers):
    """Signs of randomly rotated blocks (DRIVE, Vargaftik et al., NeurIPS 2021).

    The rows are laid end to end, each padded to whole bytes of signs, and cut into blocks of 1,024
    numbers. A block takes one scale, |x|^2 / |Rx|_1, which makes DRIVE unbiased under a uniformly
    random rotation. Two turns of random signs and a Walsh-Hadamard transform come near to one, but
    are not exactly unbiased.

    Blocks rather than rows: the error, as a share of the squared length, hardly depends on the
    length of what is rotated, while a scale for each row of 32 numbers would double the bytes.

    Bytes: the key of the rotations (32 bits of it) and the scales as float32, little endian, then
    the signs; a set bit is negative. No rows take no bytes.
    """

    unbiased = False

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write the key, the blocks' scales and the signs."""
        return cls.encode_all(values, np.array([0, len(values)]), np.array([key], np.uint64))[0]

    @classmethod
    def encode_all(cls, values: Float32s, bounds: Int64s, keys: UInt64s) -> list[bytes]:
        """Rotate all of them in one call."""
        return write_rotated(np.ascontiguousarray(values), bounds, _BLOCK, keys)

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide what the key and the blocks' scales leave."""
        n = rotated_rows(length, columns, _BLOCK)
        if n < 0:
            raise PayloadError(f"{length} bytes are not rows of {columns} rotated signs")
        return n

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Rotate the signs back."""
        return cls.decode_all([data], columns)[0]

    @classmethod
    def decode_all(cls, data: Sequence[bytes], columns: int) -> tuple[Float32s, Int64s]:
        """Rotate all of them back in one call."""
        for each in data:
            cls.count(len(each), columns)
        values, bounds, good = read_rotated(data, columns, _BLOCK)
        if not good:
            raise PayloadError("a scale is negative, infinite or not a number", "not finite")
        return values, bounds

"""IEEE floats, little endian: single and half precision."""

import numpy as np

from fedras.arrays import Float32s
from fedras.errors import PayloadError
from fedras.numbers.numbers import NUMBERS, Numbers


@NUMBERS.register("f32")
class Float32(Numbers):
    """Single precision: nothing is lost."""

    unbiased = True

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write 4 bytes a number."""
        return values.astype("<f4", copy=False).tobytes()

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide."""
        return _count(length, "<f4", columns)

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Read them."""
        return _rows(data, "<f4", columns)


@NUMBERS.register("f16")
class Float16(Numbers):
    """Half precision: 11 significant bits; what is beyond 65,504 is cut to it."""

    unbiased = False

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write 2 bytes a number."""
        limit = np.finfo(np.float16).max
        return np.clip(values, -limit, limit).astype("<f2").tobytes()

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide."""
        return _count(length, "<f2", columns)

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Read them."""
        return _rows(data, "<f2", columns)


def _count(length: int, dtype: str, columns: int) -> int:
    width = np.dtype(dtype).itemsize * columns
    if width < 1 or length % width:
        raise PayloadError(f"{length} bytes are not rows of {columns} numbers of type {dtype}")
    return length // width


def _rows(data: bytes, dtype: str, columns: int) -> Float32s:
    shape = _count(len(data), dtype, columns), columns
    return np.frombuffer(data, dtype).reshape(shape).astype(np.float32, copy=False)

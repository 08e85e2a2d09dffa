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
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Read them."""
        return _rows(data, "<f2", columns)


def _rows(data: bytes, dtype: str, columns: int) -> Float32s:
    width = np.dtype(dtype).itemsize * columns
    if width == 0 or len(data) % width:
        raise PayloadError(f"{len(data)} bytes are not rows of {columns} numbers of type {dtype}")
    return np.frombuffer(data, dtype).reshape(-1, columns).astype(np.float32, copy=False)

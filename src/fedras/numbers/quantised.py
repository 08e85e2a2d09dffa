"""Quantised floats: 8 or 4 bits a number and the largest magnitude of each row."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.core.numbers import quantised_rows, read_quantised, write_quantised
from fedras.errors import PayloadError
from fedras.numbers.numbers import NUMBERS, Numbers


class Quantised(Numbers):
    """Each row's numbers as evenly spaced levels from minus to plus its largest magnitude.

    The levels are symmetric, so that zero is one of them and a row needs one scale: a range with
    two ends has finer steps, but costs four more bytes a row, which is one more bit for each of 32
    numbers. Bytes: all scales as float32, little endian, then the levels of each row, padded to
    whole bytes.

    Attributes
    ----------
    bits
        8 or 4 for a level.
    """

    bits: ClassVar[int]

    @classmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Round each number to a level: at random where that makes the format unbiased."""
        return cls.encode_all(values, np.array([0, len(values)]), np.array([key], np.uint64))[0]

    @classmethod
    def encode_all(cls, values: Float32s, bounds: Int64s, keys: UInt64s) -> list[bytes]:
        """Round all of them in one call."""
        values = np.ascontiguousarray(values)
        return write_quantised(values, bounds, cls.bits, cls.unbiased, keys)

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide by what a row takes."""
        n = quantised_rows(length, columns, cls.bits)
        if n < 0:
            raise PayloadError(f"{length} bytes are not rows of {columns} quantised numbers")
        return n

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Return the levels times the scales."""
        return cls.decode_all([data], columns)[0]

    @classmethod
    def decode_all(cls, data: Sequence[bytes], columns: int) -> tuple[Float32s, Int64s]:
        """Read all of them in one call."""
        for each in data:
            cls.count(len(each), columns)
        values, bounds, good, level = read_quantised(data, columns, cls.bits)
        if level:
            raise PayloadError(f"level {level} is beyond {(1 << cls.bits) - 2}")
        if not good:
            raise PayloadError("a scale is negative, infinite or not a number", "not finite")
        return values, bounds


@NUMBERS.register("q8")
class Stochastic8(Quantised):
    """8 bits, rounded at random without bias (QSGD, Alistarh et al., NeurIPS 2017, max norm)."""

    bits = 8
    unbiased = True


@NUMBERS.register("q4")
class Stochastic4(Quantised):
    """4 bits, rounded at random without bias (QSGD, Alistarh et al., NeurIPS 2017, max norm)."""

    bits = 4
    unbiased = True


@NUMBERS.register("q8n")
class Nearest8(Quantised):
    """8 bits, rounded to the nearest (uniform quantisation, Jacob et al., CVPR 2018)."""

    bits = 8
    unbiased = False


@NUMBERS.register("q4n")
class Nearest4(Quantised):
    """4 bits, rounded to the nearest (uniform quantisation, Jacob et al., CVPR 2018)."""

    bits = 4
    unbiased = False


def read_scales(data: bytes, n: int, offset: int = 0) -> Float32s:
    """Return the float32[n] at ``offset`` of ``data``.

    Raises
    ------
    PayloadError
        If one is negative, infinite or NaN.
    """
    scales = np.frombuffer(data, "<f4", n, offset).astype(np.float32, copy=False)
    if not (np.isfinite(scales) & ~np.signbit(scales)).all():
        raise PayloadError("a scale is negative, infinite or not a number", "not finite")
    return scales

"""Quantised floats: 8 or 4 bits a number and the largest magnitude of each row."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fedras.errors import PayloadError
from fedras.kernels.quantise import dequantise, quantise
from fedras.numbers.numbers import NUMBERS, Numbers

_SCALE_BYTES = 4


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
    def encode(cls, values: NDArray[np.float32], key: np.uint64) -> bytes:
        """Round each number to a level: at random where that makes the format unbiased."""
        values = np.ascontiguousarray(values)
        scales, codes = quantise(values, cls._levels(), cls.unbiased, key)
        if cls.bits == 4:
            codes = np.pad(codes, ((0, 0), (0, codes.shape[1] % 2)))
            codes = codes[:, ::2] | codes[:, 1::2] << np.uint8(4)
        return scales.astype("<f4").tobytes() + codes.tobytes()

    @classmethod
    def decode(cls, data: bytes, columns: int) -> NDArray[np.float32]:
        """Return the levels times the scales."""
        width = (columns * cls.bits + 7) // 8
        n, rest = divmod(len(data), _SCALE_BYTES + width)
        if columns < 1 or rest:
            raise PayloadError(f"{len(data)} bytes are not rows of {columns} quantised numbers")
        scales = read_scales(data, n)
        codes = np.frombuffer(data, np.uint8, offset=_SCALE_BYTES * n).reshape(n, width)
        if cls.bits == 4:
            codes = np.stack([codes & 15, codes >> 4], axis=2).reshape(n, 2 * width)
        levels, codes = cls._levels(), np.ascontiguousarray(codes[:, :columns])
        if codes.max(initial=0) > 2 * levels:
            raise PayloadError(f"level {codes.max()} is beyond {2 * levels}")
        return dequantise(scales, codes, levels)

    @classmethod
    def _levels(cls) -> int:
        return (1 << (cls.bits - 1)) - 1


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


def read_scales(data: bytes, n: int, offset: int = 0) -> NDArray[np.float32]:
    """Return the float32[n] at ``offset`` of ``data``.

    Raises
    ------
    PayloadError
        If one is negative, infinite or NaN.
    """
    scales = np.frombuffer(data, "<f4", n, offset).astype(np.float32, copy=False)
    if not (np.isfinite(scales) & ~np.signbit(scales)).all():
        raise PayloadError("a scale is negative, infinite or not a number")
    return scales

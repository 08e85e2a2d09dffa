"""One bit a number after a random rotation, which makes all numbers of a block alike."""

import numpy as np
from numpy.typing import NDArray

from fedras.errors import PayloadError
from fedras.kernels.hadamard import decode_signs, encode_signs
from fedras.numbers.numbers import NUMBERS, Numbers
from fedras.numbers.quantised import read_scales

_BLOCK = 1024
_BLOCK_BYTES = _BLOCK // 8
_KEY_BYTES = _SCALE_BYTES = 4


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
    def encode(cls, values: NDArray[np.float32], key: np.uint64) -> bytes:
        """Write the key, the blocks' scales and the signs."""
        if not len(values):
            return b""
        padded = np.pad(values, ((0, 0), (0, -values.shape[1] % 8)))
        short = np.array([key >> np.uint64(32)], "<u4")
        scales, negative = encode_signs(padded.ravel(), _BLOCK, np.uint64(short[0]))
        signs = np.packbits(negative, bitorder="little")
        return short.tobytes() + scales.astype("<f4").tobytes() + signs.tobytes()

    @classmethod
    def decode(cls, data: bytes, columns: int) -> NDArray[np.float32]:
        """Rotate the signs back."""
        width = columns + -columns % 8
        blocks, sign_bytes = _split(len(data))
        if columns < 1 or sign_bytes < 0 or 8 * sign_bytes % width:
            raise PayloadError(f"{len(data)} bytes are not rows of {columns} rotated signs")
        if not data:
            return np.zeros((0, columns), np.float32)
        short = np.frombuffer(data, "<u4", 1)[0]
        scales = read_scales(data, blocks, _KEY_BYTES)
        signs = np.frombuffer(data, np.uint8, sign_bytes, len(data) - sign_bytes)
        negative = np.unpackbits(signs, bitorder="little").view(np.bool_)
        values = decode_signs(scales, negative, _BLOCK, np.uint64(short))
        return values.reshape(-1, width)[:, :columns]


def _split(length: int) -> tuple[int, int]:
    """Return how many scales and bytes of signs ``length`` bytes hold; -1 bytes if they cannot."""
    if length == 0:
        return 0, 0
    whole, rest = divmod(length - _KEY_BYTES, _SCALE_BYTES + _BLOCK_BYTES)
    if rest == 0 and whole > 0:
        return whole, whole * _BLOCK_BYTES
    last = rest - _SCALE_BYTES
    return whole + 1, whole * _BLOCK_BYTES + last if last > 0 and whole >= 0 else -1

"""One bit a number after a random rotation, which makes all numbers of a block alike."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.core.updates import bounds_of
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
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write the key, the blocks' scales and the signs."""
        return cls.encode_all(values, np.array([0, len(values)]), np.array([key], np.uint64))[0]

    @classmethod
    def encode_all(cls, values: Float32s, bounds: Int64s, keys: UInt64s) -> list[bytes]:
        """Rotate all of them in one call."""
        missing = -values.shape[1] % 8
        padded = np.pad(values, ((0, 0), (0, missing))) if missing else values
        numbers, short = bounds * padded.shape[1], keys >> np.uint64(32)
        starts = bounds_of(-(-np.diff(numbers) // _BLOCK))
        scales, signs = np.empty(starts[-1], np.float32), np.empty(numbers[-1] // 8, np.uint8)
        encode_signs(padded.ravel(), numbers, _BLOCK, short, scales, starts, signs)
        parts = zip(short.astype("<u4"), pairwise(starts), pairwise(numbers // 8), strict=True)
        scales = scales.astype("<f4", copy=False)
        return [
            key.tobytes() + scales[a:b].tobytes() + signs[c:d].tobytes() if a < b else b""
            for key, (a, b), (c, d) in parts
        ]

    @classmethod
    def count(cls, length: int, columns: int) -> int:
        """Divide what the key and the blocks' scales leave."""
        _, sign_bytes = _split(length)
        width = (columns + 7) // 8
        if columns < 1 or sign_bytes < 0 or sign_bytes % width:
            raise PayloadError(f"{length} bytes are not rows of {columns} rotated signs")
        return sign_bytes // width

    @classmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Rotate the signs back."""
        return cls.decode_all([data], columns)[0]

    @classmethod
    def decode_all(cls, data: Sequence[bytes], columns: int) -> tuple[Float32s, Int64s]:
        """Rotate all of them back in one call."""
        width = columns + -columns % 8
        counts = np.array([cls.count(len(each), columns) for each in data], np.int64)
        blocks, sign_bytes = np.array([_split(len(each)) for each in data]).T
        starts, numbers = bounds_of(blocks.copy()), bounds_of(8 * sign_bytes)
        keys = np.zeros(len(data), np.uint64)
        scales, signs = np.empty(starts[-1], np.float32), np.empty(numbers[-1] // 8, np.uint8)
        for c, each in enumerate(data):
            if each:
                keys[c] = np.frombuffer(each, "<u4", 1)[0]
                scales[starts[c] : starts[c + 1]] = read_scales(each, blocks[c], _KEY_BYTES)
                place = slice(numbers[c] // 8, numbers[c + 1] // 8)
                signs[place] = np.frombuffer(each, np.uint8, offset=len(each) - sign_bytes[c])
        values = np.empty(numbers[-1], np.float32)
        decode_signs(scales, starts, signs, numbers, _BLOCK, keys, values)
        return values.reshape(-1, width)[:, :columns], bounds_of(counts)


def _split(length: int) -> tuple[int, int]:
    """Return how many scales and bytes of signs ``length`` bytes hold; -1 bytes if they cannot."""
    if length == 0:
        return 0, 0
    whole, rest = divmod(length - _KEY_BYTES, _SCALE_BYTES + _BLOCK_BYTES)
    if rest == 0 and whole > 0:
        return whole, whole * _BLOCK_BYTES
    last = rest - _SCALE_BYTES
    return whole + 1, whole * _BLOCK_BYTES + last if last > 0 and whole >= 0 else -1

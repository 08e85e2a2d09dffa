"""Number formats as bytes, and whether numbers are numbers.

An array of another type or order than said is a TypeError; bounds or bytes that do not fit are a
ValueError.
"""

from collections.abc import Sequence

from fedras.arrays import Float32s, Int64s, UInt64s

def all_finite(values: Float32s) -> bool:
    """Return whether float32[n, d], in any order, holds neither NaN nor infinity."""

def all_within(values: Float32s, largest: float) -> bool:
    """Return whether no number of float32[n, d], in any order, is beyond ``largest`` or NaN."""

def quantised_rows(length: int, columns: int, bits: int) -> int:
    """Return how many rows of `write_quantised` so many bytes are; -1 where they are none."""

def write_quantised(
    values: Float32s, bounds: Int64s, bits: int, at_random: bool, keys: UInt64s
) -> list[bytes]:
    """Write the matrices ``values[bounds[c]:bounds[c + 1]]`` of float32[n, d], finite.

    Each row's range, from minus to plus its largest magnitude, is divided into 2 L steps, L = 127
    for 8 bits and 7 for 4; level L is zero. Bytes: the largest magnitudes as float32, little
    endian, then the levels of each row, padded to whole bytes.

    Parameters
    ----------
    bits
        8 or 4 for a level.
    at_random
        Round up with the probability that makes the mean exact, drawn from ``keys[c]``; else to
        the nearest level.
    """

def read_quantised(
    data: Sequence[bytes], columns: int, bits: int
) -> tuple[Float32s, Int64s, bool, int]:
    """Read what `write_quantised` wrote, each of a length that `quantised_rows` knows.

    Returns
    -------
    The rows of all, float32[n, columns]; where each matrix begins, int64[C + 1]; whether
    `write_quantised` can have written them; and if not, the first level that it cannot, or 0 if a
    scale comes first that is negative or not finite.
    """

def rotated_rows(length: int, columns: int, block: int) -> int:
    """Return how many rows of `write_rotated` so many bytes are; -1 where they are none."""

def write_rotated(values: Float32s, bounds: Int64s, block: int, keys: UInt64s) -> list[bytes]:
    """Write the signs of randomly rotated blocks of each ``values[bounds[c]:bounds[c + 1]]``.

    The rows of float32[n, d], finite, are laid end to end, each padded to whole bytes of signs,
    and cut into blocks of ``block`` numbers, a multiple of 8, the last of which may be shorter. A
    block is rotated by random signs and a Walsh-Hadamard transform, twice: of the longest power of
    two from its start, then from its end.

    Bytes: the upper 32 bits of ``keys[c]``, by themselves the key of the stream from which the
    signs are drawn, and the scales |b|^2 / |Rb|_1 of the blocks b as float32, both little endian;
    then the signs, from the lowest bit of a byte on, set where the rotated number is negative. No
    rows take no bytes.
    """

def read_rotated(data: Sequence[bytes], columns: int, block: int) -> tuple[Float32s, Int64s, bool]:
    """Read what `write_rotated` wrote, each of a length that `rotated_rows` knows.

    Returns
    -------
    The rows of all, float32[n, columns], cut to the range of float32; where each matrix begins,
    int64[C + 1]; and whether no scale is negative or not finite.
    """

"""The contract of a number format."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.registry import Registry


class Numbers(ABC):
    """A way of writing a matrix of floats, row by row; any codec can use any of them.

    A subclass registers itself with ``@NUMBERS.register(name)`` and has no state.

    Attributes
    ----------
    unbiased
        Whether the mean of what is read, over the random draws, is what was written.
    """

    unbiased: ClassVar[bool]

    @classmethod
    @abstractmethod
    def encode(cls, values: Float32s, key: np.uint64) -> bytes:
        """Write float32[n, d], all finite; random choices are drawn from the stream ``key``."""

    @classmethod
    @abstractmethod
    def count(cls, length: int, columns: int) -> int:
        """Return how many rows of ``columns`` numbers so many bytes hold.

        A receiver asks before it decodes, so that a peer cannot make it read more than it expects.

        Raises
        ------
        PayloadError
            If `encode` writes so many bytes for no number of rows.
        """

    @classmethod
    @abstractmethod
    def decode(cls, data: bytes, columns: int) -> Float32s:
        """Return float32[n, columns]; the number of rows n is the `count` of ``data``.

        Raises
        ------
        PayloadError
            If ``data`` cannot have been written by `encode`.
        """

    @classmethod
    def encode_all(cls, values: Float32s, bounds: Int64s, keys: UInt64s) -> list[bytes]:
        """Write the matrices ``values[bounds[c]:bounds[c + 1]]``, each with its key."""
        pairs = zip(pairwise(bounds.tolist()), keys, strict=True)
        return [cls.encode(values[a:b], key) for (a, b), key in pairs]

    @classmethod
    def decode_all(cls, data: Sequence[bytes], columns: int) -> tuple[Float32s, Int64s]:
        """Return the matrices of `decode` one after another, and their bounds."""
        matrices = [cls.decode(each, columns) for each in data]
        return np.concatenate(matrices), np.cumsum([0, *map(len, matrices)])


NUMBERS: Registry[Numbers] = Registry("number format", "numbers")

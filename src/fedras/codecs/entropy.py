"""Entropy coding: one stream of integers, each coded under a model that both sides can compute.

The range coder is that of `constriction` [1]_. The weights it is given have to be the same floats
on both sides and on every platform: they are made of integers by single IEEE operations in a fixed
order, never by a function of the mathematical library.

References
----------
.. [1] R. Bamler, Understanding Entropy Coding With Asymmetric Numeral Systems (ANS): a
   Statistician's Perspective, arXiv:2201.01741, 2022.
.. [2] P. Elias, Efficient Storage and Retrieval by Content and Address of Static Files, Journal of
   the ACM 21(2), 1974.
"""

from itertools import accumulate, repeat
from operator import mul
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from fedras.errors import PayloadError

MOST_SYMBOLS = 1 << 16
"""The largest alphabet: the coder's probabilities have 24 bits."""

_DIGIT = 16
_WORD = "<u4"
_ONES_OF_BYTE = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1)

_queue = constriction.stream.queue
_model = constriction.stream.model


class Writer:
    """Takes integers one array after the other; `Reader` asks for them in the same order."""

    def __init__(self) -> None:
        self._coder = _queue.RangeEncoder()

    def symbols(self, values: NDArray[np.int32], weights: NDArray[Any]) -> None:
        """Write int32[n] in [0, k), of which i is likely as weights[i], k from 2 to 65,536.

        Costs n times the cross entropy; a weight of zero counts as the smallest there is.
        """
        if len(values):
            self._coder.encode(values, _categorical(weights))

    def integers(self, values: NDArray[np.int32], limit: int) -> None:
        """Write int32[n] in [0, limit], all values being as likely: n bit_length(limit) bits."""
        for shift, width in _digits(limit):
            digit = (values >> shift) & ((1 << width) - 1)
            self._coder.encode(digit, _model.Uniform(1 << width))

    def ascending(self, values: NDArray[np.int32], limit: int) -> None:
        """Write int32[n] in [0, limit], not decreasing, in about as many bits as choose it.

        The Elias-Fano code [2]_: the low bits as they are, the rest in unary, all values in one
        string of flags, n of which are set. These are coded at the rate that this share allows.
        """
        low, n_flags = _elias_fano(len(values), limit)
        flags = np.zeros(n_flags, np.bool_)
        flags[(values >> low) + np.arange(len(values), dtype=np.int32)] = True
        octets = np.packbits(flags, bitorder="little").astype(np.int32)
        self.symbols(octets, _octet_weights(len(values), n_flags))
        self.integers(values, (1 << low) - 1)

    def to_bytes(self) -> bytes:
        """Return the stream so far, a multiple of 4 bytes."""
        words: NDArray[np.uint32] = self._coder.get_compressed()
        return words.astype(_WORD, copy=False).tobytes()


class Reader:
    """Reads what a `Writer` wrote. Every array is of the size asked for, whatever the bytes are.

    Raises
    ------
    PayloadError
        Here and in every method: if no `Writer` can have written ``data``.
    """

    def __init__(self, data: bytes) -> None:
        if not data or len(data) % 4:
            raise PayloadError(f"{len(data)} bytes are not a range-coded stream")
        self._coder = _queue.RangeDecoder(np.frombuffer(data, _WORD).astype(np.uint32))

    def symbols(self, n: int, weights: NDArray[Any]) -> NDArray[np.int32]:
        """Return the int32[n] of `Writer.symbols`."""
        if n == 0:
            return np.zeros(0, np.int32)
        return self._decode(n, _categorical(weights))

    def integers(self, n: int, limit: int) -> NDArray[np.int32]:
        """Return the int32[n] of `Writer.integers`."""
        values = np.zeros(n, np.int32)
        for shift, width in _digits(limit):
            values |= self._decode(n, _model.Uniform(1 << width)) << shift
        if values.max(initial=0) > limit:
            raise PayloadError(f"integer {values.max()} is above {limit}")
        return values

    def ascending(self, n: int, limit: int) -> NDArray[np.int32]:
        """Return the int32[n] of `Writer.ascending`."""
        low, n_flags = _elias_fano(n, limit)
        octets = self.symbols((n_flags + 7) // 8, _octet_weights(n, n_flags))
        flags = np.unpackbits(octets.astype(np.uint8), bitorder="little")
        places = np.flatnonzero(flags)
        if len(places) != n or (n and places[-1] >= n_flags):
            raise PayloadError(f"{len(places)} flags are set instead of {n}")
        high = (places - np.arange(n)).astype(np.int32)
        values = (high << low) | self.integers(n, (1 << low) - 1)
        if n and (values[-1] > limit or (values[1:] < values[:-1]).any()):
            raise PayloadError(f"integers are not ascending to {limit} at most")
        return values

    def end(self) -> None:
        """Raise unless everything was read."""
        if not self._coder.maybe_exhausted():
            raise PayloadError("a range-coded stream goes on after its end")

    def _decode(self, n: int, model: Any) -> NDArray[np.int32]:
        try:
            values: NDArray[np.int32] = self._coder.decode(model, n)
        except AssertionError:
            raise PayloadError("bytes that no range coder writes") from None
        return values


def _categorical(weights: NDArray[Any]) -> Any:
    return _model.Categorical(weights.astype(np.float32), perfect=False)


def _digits(limit: int) -> list[tuple[int, int]]:
    """Return shift and width of each part of an integer, small enough for a uniform model."""
    width = limit.bit_length()
    return [(shift, min(_DIGIT, width - shift)) for shift in range(0, width, _DIGIT)]


def _elias_fano(n: int, limit: int) -> tuple[int, int]:
    """Return how many low bits each of n integers up to ``limit`` has, and how many flags follow.

    Flags of which about one in 4 to 8 is set lose less than 0.05 bits an integer to a random set's
    entropy, and are few enough to be coded fast.
    """
    low = max(0, (limit // (4 * max(1, n))).bit_length() - 1)
    return low, n + (limit >> low)


def _octet_weights(n_set: int, n_flags: int) -> NDArray[np.float64]:
    """Return float64[256], the weight of each octet of flags of which so many are set."""
    share = n_set / max(1, n_flags)
    unset, set_ = (list(accumulate(repeat(x, 8), mul, initial=1.0)) for x in (1 - share, share))
    by_ones = np.array(list(map(mul, unset[::-1], set_)))
    weights: NDArray[np.float64] = by_ones[_ONES_OF_BYTE]
    return weights

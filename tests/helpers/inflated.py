"""Payloads that pass the check of their size, and would take far more memory than their matrix."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
from msgspec.structs import replace

from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.errors import PayloadError
from fedras.numbers import NUMBERS
from helpers.codec_samples import make

DIM = 32
MULTIPLE = 8
"""So many times the item matrix is what decoding may take: products are in double precision."""
SPARE = 1 << 20

_KEY = np.uint64(4)


def allowed(size: int) -> int:
    """Return the bytes that decoding an update of float32[size, `DIM`] may take."""
    return MULTIPLE * 4 * size * DIM + SPARE


def inflated(codec: str, numbers: str, size: int) -> Iterator[Payload]:
    """Yield a good payload of all rows, and the same with parts as long as they may be."""
    options = {"numbers": numbers} if hasattr(make(codec), "numbers") else {}
    values = np.random.default_rng(0).normal(size=(size, DIM)).astype(np.float32)
    rows = np.arange(size, dtype=np.int32)
    good = make(codec, **options).encode(RowUpdate(rows, values, size), _KEY)
    yield good
    for part in set(good.parts) - {Part.ROWS}:
        for columns in (1, 4, DIM, size):
            length = _longest(good.numbers, columns, 4 * size * DIM)
            yield replace(good, parts={**good.parts, part: bytes(length)})
            yield replace(good, parts={number: bytes(length) for number in good.parts} | {1: b""})


def peak(payload: Payload) -> int:
    """Return the most bytes that parsing and decoding took, whether or not it was refused."""
    data = payload.to_bytes()
    tracemalloc.start()
    try:
        decode(Payload.from_bytes(data, payload.shape))
    except PayloadError:
        pass
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return most


def _longest(numbers: str, columns: int, most: int) -> int:
    """Return the largest length, of at most ``most`` bytes, that rows of ``columns`` can have."""
    for length in range(most, 0, -1):
        try:
            NUMBERS.get(numbers).count(length, columns)
        except PayloadError:
            continue
        return length
    return 0

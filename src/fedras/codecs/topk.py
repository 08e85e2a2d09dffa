"""Top-k: the largest entries of each row and where they are (section 5.1 of the FedRAS paper)."""

from dataclasses import dataclass

import numpy as np

from fedras.arrays import Bools, Float32s, Int64s
from fedras.codecs.codec import CODECS, Codec
from fedras.codecs.packing import (
    pack_floats,
    pack_integers,
    pack_rows,
    unpack_floats,
    unpack_integers,
    unpack_rows,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.codecs.update import RowUpdate
from fedras.errors import PayloadError

_COUNT_BYTES = 4


@CODECS.register("topk")
@dataclass(frozen=True)
class TopK(Codec):
    """The ``k`` entries of largest magnitude of each row, the first of equals; the rest is zero.

    Where ``k`` is all of them, the rows are sent `Plain`. The columns of the entries follow ``k``
    in the assignments, as integers or, where that is shorter, as a bitmap.

    Attributes
    ----------
    k
        Entries per row.
    numbers
        The format of the floats.
    """

    k: int
    numbers: str = "f32"
    name = "topk"

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Select the entries of each row."""
        dim = update.shape[1]
        if self.k >= dim:
            return Plain(self.numbers).encode(update, key)
        columns = _largest(update.values, self.k)
        values = np.take_along_axis(update.values, columns, axis=1)
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows, update.size),
            Part.ASSIGNMENTS: self.k.to_bytes(_COUNT_BYTES, "little") + _pack(columns, dim),
            Part.VALUES: pack_floats(values, self.numbers, key),
        }
        return Payload(self.name, self.numbers, update.shape, parts)

    def allows(self, payload: Payload) -> bool:
        """Return whether no row has more than ``k`` entries."""
        if payload.codec == Plain.name:
            return self.k >= payload.shape[1]
        return payload.codec == self.name and _entries(payload)[0] <= self.k

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Put the entries back into rows of zeros."""
        size, dim = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        k, data = _entries(payload)
        entries = unpack_floats(payload, Part.VALUES, k, len(rows))
        if len(entries) != len(rows):
            raise PayloadError(f"entries of {len(entries)} rows for {len(rows)} rows")
        values = np.zeros((len(rows), dim), np.float32)
        values[_unpack(data, len(rows), k, dim)] = entries.ravel()
        return RowUpdate(rows, values, size)


def _largest(values: Float32s, k: int) -> Int64s:
    """Return int64[n, k], ascending: the columns of the entries of largest magnitude."""
    dim = values.shape[1]
    # Non-negative floats are ordered as their bits are. With the column below them no two are
    # equal, so that every way of partitioning finds the same ones.
    ranked = np.abs(values).view(np.uint32).astype(np.uint64) << np.uint64(32)
    ranked |= np.arange(dim, dtype=np.uint64)[::-1]
    best = np.partition(ranked, dim - k, axis=1)[:, dim - k :] & np.uint64(0xFFFFFFFF)
    return np.sort(dim - 1 - best.astype(np.int64), axis=1)


def _entries(payload: Payload) -> tuple[int, bytes]:
    """Return how many entries each row has, and the bytes that say which."""
    data, dim = payload.part(Part.ASSIGNMENTS), payload.shape[1]
    k = int.from_bytes(data[:_COUNT_BYTES], "little")
    if len(data) < _COUNT_BYTES or not 0 < k < dim:
        raise PayloadError(f"{k} entries of rows of {dim}")
    return k, data[_COUNT_BYTES:]


def _as_bitmap(k: int, dim: int) -> bool:
    return dim < k * (dim - 1).bit_length()


def _pack(columns: Int64s, dim: int) -> bytes:
    n, k = columns.shape
    if not _as_bitmap(k, dim):
        return pack_integers(columns.ravel().astype(np.int32), dim)
    flags = np.zeros((n, dim), np.bool_)
    np.put_along_axis(flags, columns, True, axis=1)
    return np.packbits(flags, bitorder="little").tobytes()


def _unpack(data: bytes, n: int, k: int, dim: int) -> Bools:
    """Return the bool[n, dim] that `_pack` packed, or raise PayloadError."""
    if not _as_bitmap(k, dim):
        columns = unpack_integers(data, n * k, dim).reshape(n, k)
        if (np.diff(columns, axis=1) <= 0).any():
            raise PayloadError("the columns of a row's entries are not ascending")
        flags = np.zeros((n, dim), np.bool_)
        np.put_along_axis(flags, columns, True, axis=1)
        return flags
    if len(data) != (n * dim + 7) // 8:
        raise PayloadError(f"{len(data)} bytes are not {n} rows of {dim} flags")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=n * dim, bitorder="little")
    flags = bits.view(np.bool_).reshape(n, dim)
    if (flags.sum(axis=1) != k).any():
        raise PayloadError(f"a row has not the {k} entries of all rows")
    return flags

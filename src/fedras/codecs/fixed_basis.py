"""A fixed basis: rows as combinations of a few random directions that both sides can make."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs.algebra import multiply, to_single
from fedras.codecs.codec import CODECS, Codec
from fedras.codecs.packing import (
    count_rows,
    count_vectors,
    pack_floats,
    pack_rows,
    unpack_floats,
    unpack_rows,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.codecs.update import RowUpdate
from fedras.core.random import normals
from fedras.errors import PayloadError
from fedras.parallel import one_blas_thread

_KEY_BYTES = 8


@CODECS.register("fixed-basis")
@dataclass(frozen=True)
class FixedBasis(Codec):
    """The projection of each row on `basis`: ``rank`` numbers a row, and the basis's key.

    Within the span nothing is lost but rounding. A ``rank`` of all columns is sent `Plain`.

    Attributes
    ----------
    rank
        The number of directions.
    seed
        The key of the basis, below 2^64.
    numbers
        The format of the floats.
    """

    rank: int
    seed: int
    numbers: str = "f32"
    name = "fixed-basis"

    @one_blas_thread
    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Project the rows."""
        n, d = update.values.shape
        if n == 0 or self.rank >= d or not np.isfinite(update.values).all():
            return Plain(self.numbers).encode(update, key)
        directions = basis(self.seed, self.rank, d).astype(np.float64)
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows, update.size),
            Part.ACTIONS: self.seed.to_bytes(_KEY_BYTES, "little"),
            Part.VALUES: pack_floats(to_single(directions @ update.values.T), self.numbers, key),
        }
        return Payload(self.name, self.numbers, update.shape, parts)

    def allows(self, payload: Payload) -> bool:
        """Return whether there are no more than ``rank`` directions, those of the same basis."""
        dim = payload.shape[1]
        if payload.codec == Plain.name:
            return self.rank >= dim or count_vectors(payload, Part.VALUES, dim) == 0
        return (
            payload.codec == self.name
            and payload.part(Part.ACTIONS) == self.seed.to_bytes(_KEY_BYTES, "little")
            and count_vectors(payload, Part.VALUES, int(count_rows([payload])[0])) <= self.rank
        )

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Combine the directions."""
        size, dim = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        rank, seed = count_vectors(payload, Part.VALUES, len(rows)), payload.part(Part.ACTIONS)
        if len(seed) != _KEY_BYTES or not 0 < rank < dim:
            raise PayloadError(f"a basis of {rank} directions from {len(seed)} bytes")
        left = unpack_floats(payload, Part.VALUES, len(rows))
        right = basis(int.from_bytes(seed, "little"), rank, dim)
        return RowUpdate(rows, multiply(left, right), size, rank=rank)


@lru_cache(maxsize=8)
@one_blas_thread
def basis(seed: int, rank: int, dim: int) -> Float32s:
    """Return float32[rank, dim], orthonormal and random; a smaller basis is the start of a larger.

    ``rank`` is at most ``dim``.
    """
    draws = normals(np.uint64(seed), rank * dim, 1.0).reshape(rank, dim).astype(np.float64)
    columns, triangle = np.linalg.qr(draws.T)
    upright = columns * np.sign(np.diagonal(triangle))
    directions: Float32s = upright.T.astype(np.float32)
    directions.flags.writeable = False
    return directions

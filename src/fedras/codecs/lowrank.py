"""Low rank: the product of two narrow matrices, by truncated singular value decomposition."""

from dataclasses import dataclass

import numpy as np

from fedras.arrays import Float64s
from fedras.codecs.algebra import multiply, to_single
from fedras.codecs.codec import CODECS, Codec
from fedras.codecs.packing import (
    count_vectors,
    pack_floats,
    pack_rows,
    unpack_floats,
    unpack_rows,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.codecs.update import RowUpdate
from fedras.errors import PayloadError
from fedras.parallel import one_blas_thread

Factors = tuple[Float64s, Float64s]
"""Of a matrix, float64[n, d]: float64[n, r] and float64[r, d]."""


@CODECS.register("lowrank")
@dataclass(frozen=True)
class LowRank(Codec):
    """The nearest matrix of rank ``rank`` to the touched rows (Eckart and Young, 1936).

    Where the two factors hold no fewer numbers than the rows do, the rows are sent `Plain`. The
    factors are written with a row of numbers for each direction: a number format that scales by
    row then scales each direction by itself.

    Attributes
    ----------
    rank
        The largest rank.
    numbers
        The format of the floats.
    """

    rank: int
    numbers: str = "f32"
    name = "lowrank"

    @one_blas_thread
    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Factorise the touched rows."""
        n, d = update.values.shape
        if self.rank * (n + d) >= n * d or not np.isfinite(update.values).all():
            return Plain(self.numbers).encode(update, key)
        left, right = self.factorise(update.values.astype(np.float64), key)
        # Else the same factors may come with either sign, and other bytes.
        flip = np.sign(right[np.arange(len(right)), np.abs(right).argmax(axis=1)])
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows, update.size),
            Part.ACTIONS: pack_floats(to_single(right * flip[:, None]), self.numbers, key),
            Part.VALUES: pack_floats(to_single((left * flip).T), self.numbers, ~key),
        }
        return Payload(self.name, self.numbers, update.shape, parts)

    def factorise(self, x: Float64s, key: np.uint64) -> Factors:
        """Return factors of rank ``rank`` of ``x``, float64[n, d].

        The singular vectors are the eigenvectors of the smaller of x'x and xx'. Squaring costs
        directions that are 1e-8 of the largest, which is below the precision of float32.
        """
        if x.shape[0] < x.shape[1]:
            right, left = self.factorise(x.T, key)
            return left.T, right.T
        _, vectors = np.linalg.eigh(x.T @ x)
        directions = vectors[:, : -self.rank - 1 : -1]
        return x @ directions, directions.T

    def allows(self, payload: Payload) -> bool:
        """Return whether the rank is small enough, or factors would not be shorter than rows."""
        d = payload.shape[1]
        if payload.codec == Plain.name:
            n = count_vectors(payload, Part.VALUES, d)
            return self.rank * (n + d) >= n * d
        return payload.codec == self.name and count_vectors(payload, Part.ACTIONS, d) <= self.rank

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Multiply the factors."""
        size, dim = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        rank = count_vectors(payload, Part.ACTIONS, dim)
        other = count_vectors(payload, Part.VALUES, len(rows))
        if rank != other or rank > min(len(rows), dim):
            raise PayloadError(f"factors of rank {other} and {rank} of {len(rows)} rows")
        right = unpack_floats(payload, Part.ACTIONS, dim)
        left = unpack_floats(payload, Part.VALUES, len(rows))
        return RowUpdate(rows, multiply(left, right), size, rank=rank)

"""One direction: how rows that a single vector moved are told in about a bit each."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fedras.arrays import Float32s, UInt64s
from fedras.codecs.codec import CODECS, Batched, Relative
from fedras.codecs.packing import DIVERGED
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate, Updates
from fedras.core import coding
from fedras.errors import PayloadError


@CODECS.register("direction")
@dataclass(frozen=True)
class Direction(Relative, Batched):
    """The direction in which most of an update points, and on which side each row is of it.

    How far a row moves the receiver predicts: by g (1 - s) on the one side and -h s on the other,
    where s is the logistic function of ``a`` times the product of direction and the replica's row,
    as do the steps of a user with a dot product and the logistic loss. A user of `MF` is told
    nearly exactly; of others, that of their update which is like it.

    Attributes
    ----------
    bits
        Of each number of the direction.
    drawn
        Whether the receiver draws the rows of the larger side, which are the sampled negatives:
        they take no bytes then, and the other side's rows, the user's items, are named outright.
    replica
        float32[N, d], what both sides hold; None stands for zeros.
    """

    bits: int = 5
    drawn: bool = False
    replica: Float32s | None = field(default=None, compare=False, repr=False)
    name = "direction"

    def beside(self, replica: Float32s) -> "Direction":
        """Return the codec that predicts from a replica."""
        return replace(self, replica=replica)

    def encode_all(self, updates: Sequence[RowUpdate], keys: UInt64s) -> list[Payload]:
        """Code many updates of one matrix, each by itself."""
        if not updates:
            return []
        batch = Updates.of(updates)
        shape = batch.size, batch.values.shape[1]
        replica = np.zeros(shape, np.float32) if self.replica is None else self.replica
        coded = coding.pack_directions(
            batch.rows,
            np.ascontiguousarray(batch.values),
            batch.starts,
            batch.counts,
            replica,
            self.bits,
            self.drawn,
        )
        finite = [parts for parts in coded if parts is not None]
        if len(finite) < len(coded):
            raise PayloadError(DIVERGED)
        return [
            Payload(
                self.name,
                "f32",
                shape,
                {Part.ROWS: rows, Part.ACTIONS: vector, Part.VALUES: head},
            )
            for vector, head, rows in finite
        ]

    def allows(self, payload: Payload) -> bool:
        """Return whether it is one direction."""
        return payload.codec == self.name

    @classmethod
    def decode_beside(cls, payloads: Sequence[Payload], replica: Float32s) -> list[RowUpdate]:
        """Read the sides of all rows and predict how far they move."""
        vectors, heads, rows = (
            [payload.part(part) for payload in payloads]
            for part in (Part.ACTIONS, Part.VALUES, Part.ROWS)
        )
        own, values, bounds, good = coding.unpack_directions(vectors, heads, rows, replica)
        if not good.all():
            raise PayloadError("the parts of a payload are no direction and its rows")
        ends = bounds.tolist()
        return [
            RowUpdate(own[a:b], values[a:b], len(replica), rank=1)
            for a, b in itertools.pairwise(ends)
        ]

"""Plain rows: each touched row's own float32 vector, as it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fedras.arrays import UInt64s
from fedras.codecs.codec import CODECS, Batched
from fedras.codecs.packing import (
    pack_matrices,
    pack_row_sets,
    unpack_matrices,
    unpack_row_sets,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate, join
from fedras.errors import PayloadError


@CODECS.register("plain")
@dataclass(frozen=True)
class Plain(Batched):
    """The update as it is: lossless where the numbers are.

    Attributes
    ----------
    numbers
        The format of the floats.
    """

    numbers: str = "f32"
    name = "plain"

    def encode_all(self, updates: Sequence[RowUpdate], keys: UInt64s) -> list[Payload]:
        """Pack the rows, and the vectors, of all updates of one matrix at once."""
        if not updates:
            return []
        rows, bounds = join([update.rows for update in updates])
        values, _ = join([update.values for update in updates])
        sets = pack_row_sets(rows, bounds[:-1], np.diff(bounds), updates[0].size)
        matrices = pack_matrices(values, bounds, self.numbers, keys)
        return [
            Payload(self.name, self.numbers, updates[0].shape, {Part.ROWS: a, Part.VALUES: b})
            for a, b in zip(sets, matrices, strict=True)
        ]

    def allows(self, payload: Payload) -> bool:
        """Return whether it is plain."""
        return payload.codec == self.name

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Read all of them at once."""
        size, columns = payloads[0].shape
        rows = unpack_row_sets([payload.part(Part.ROWS) for payload in payloads], size)
        values = unpack_matrices(payloads, Part.VALUES, columns, [len(own) for own in rows])
        updates = []
        for own, vectors in zip(rows, values, strict=True):
            if len(vectors) != len(own):
                raise PayloadError(f"{len(vectors)} vectors for {len(own)} rows")
            updates.append(RowUpdate(own, vectors, size))
        return updates

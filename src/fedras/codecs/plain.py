"""Plain rows: each touched row's own float32 vector, nothing lost."""

from dataclasses import dataclass

import numpy as np

from fedras.codecs.codec import CODECS, Codec, RowUpdate
from fedras.codecs.packing import pack_floats, pack_rows, unpack_floats, unpack_rows
from fedras.codecs.payload import Part, Payload
from fedras.errors import PayloadError


@CODECS.register("plain")
@dataclass(frozen=True)
class Plain(Codec):
    """The update as it is: lossless."""

    name = "plain"

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Write the rows and their vectors."""
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows, update.size),
            Part.VALUES: pack_floats(update.values),
        }
        return Payload(self.name, update.shape, parts)

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Read them back."""
        size, columns = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        values = unpack_floats(payload.part(Part.VALUES), columns)
        if len(values) != len(rows):
            raise PayloadError(f"{len(values)} vectors for {len(rows)} rows")
        return RowUpdate(rows, values, size)

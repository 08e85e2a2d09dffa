"""Plain rows: each touched row's own float32 vector, as it is."""

from dataclasses import dataclass

import numpy as np

from fedras.codecs.codec import CODECS, Codec
from fedras.codecs.packing import pack_floats, pack_rows, unpack_floats, unpack_rows
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate
from fedras.errors import PayloadError


@CODECS.register("plain")
@dataclass(frozen=True)
class Plain(Codec):
    """The update as it is: lossless where the numbers are.

    Attributes
    ----------
    numbers
        The format of the floats.
    """

    numbers: str = "f32"
    name = "plain"

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Write the rows and their vectors."""
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows, update.size),
            Part.VALUES: pack_floats(update.values, self.numbers, key),
        }
        return Payload(self.name, self.numbers, update.shape, parts)

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Read them back."""
        size, columns = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        values = unpack_floats(payload, Part.VALUES, columns)
        if len(values) != len(rows):
            raise PayloadError(f"{len(values)} vectors for {len(rows)} rows")
        return RowUpdate(rows, values, size)

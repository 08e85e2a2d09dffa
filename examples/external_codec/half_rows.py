"""A codec and a method outside of fedras; `pyproject.toml` announces them as entry points."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from fedras.codecs import Codec, Part, Payload, RowUpdate
from fedras.codecs.packing import (
    count_rows,
    pack_floats,
    pack_rows,
    unpack_floats,
    unpack_rows,
)
from fedras.config import NumbersName
from fedras.errors import PayloadError
from fedras.methods import Method


@dataclass(frozen=True)
class HalfRows(Codec):
    """The rows that hold the largest numbers; the others stay as they were.

    Attributes
    ----------
    limit
        How many rows are sent, at most.
    numbers
        The format of their numbers, by default half precision.
    """

    limit: int
    numbers: str = "f16"
    name = "half-rows"

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Choose the rows and write them."""
        largest = np.abs(update.values).max(axis=1, initial=0)
        kept = np.sort(np.argsort(largest, kind="stable")[-self.limit :])
        parts: dict[int, bytes] = {
            Part.ROWS: pack_rows(update.rows[kept], update.size),
            Part.VALUES: pack_floats(update.values[kept], self.numbers, key),
        }
        return Payload(self.name, self.numbers, update.shape, parts)

    def allows(self, payload: Payload) -> bool:
        """Return whether there are no more than ``limit`` rows: the server asks before it reads."""
        return payload.codec == self.name and int(count_rows([payload])[0]) <= self.limit

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Read them back."""
        size, columns = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        values = unpack_floats(payload, Part.VALUES, columns, len(rows))
        if len(values) != len(rows):
            raise PayloadError(f"{len(values)} vectors for {len(rows)} rows")
        return RowUpdate(rows, values, size)


class Half(Method):
    """As many rows as the compression rate allows, in half precision, both ways."""

    citation = "examples/external_codec"
    numbers: NumbersName = Field("f16", description="number format of the rows that are sent")

    def uplink(self, budget: int, shared: np.uint64) -> HalfRows:
        """Return the codec for both directions: `downlink` is the same by default."""
        return HalfRows(budget, self.numbers)

"""Levels: coordinates along few directions, as whole steps that fit a budget of bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs.codec import CODECS, Relative
from fedras.codecs.packing import DIVERGED
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate
from fedras.core import coding
from fedras.errors import PayloadError

_SHARE = 0.6
"""Of the bytes of an update, how many its directions may take."""


@CODECS.register("levels")
@dataclass(frozen=True)
class Levels(Relative):
    """The leading directions of an update and each row's coordinates, in at most ``most`` bytes.

    Coordinates are multiples of one step, as small as the bytes allow; those below .65 of it are
    zero. They are coded arithmetically, with chances that are learnt on the way and depend on the
    replica alone (core/coding/levels.hpp), so that nobody needs to have heard what came before.

    Attributes
    ----------
    most
        Bytes of all parts together; only the coarsest step may need more.
    directions
        Numbers of them that are tried, ascending; what loses least is sent.
    bits
        Of each number of a direction.
    replica
        float32[N, d], what both sides hold; None stands for zeros.
    """

    most: int = 1000
    directions: tuple[int, ...] = (1, 2, 3, 4)
    bits: int = 6
    replica: Float32s | None = field(default=None, compare=False, repr=False)
    name = "levels"

    def beside(self, replica: Float32s) -> "Levels":
        """Return the codec whose chances depend on a replica."""
        return replace(self, replica=replica)

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code one update."""
        replica = np.zeros(update.shape, np.float32) if self.replica is None else self.replica
        found = coding.pack_levels(
            update.rows,
            np.ascontiguousarray(update.values),
            replica,
            np.array(self.possible(update.shape[1]), np.int64),
            self.bits,
            self.most,
        )
        if found is None:
            raise PayloadError(DIVERGED)
        vectors, rows, _ = found
        parts: dict[int, bytes] = {Part.ROWS: rows, Part.ACTIONS: vectors}
        return Payload(self.name, "f32", update.shape, parts)

    def possible(self, dim: int) -> list[int]:
        """Return those of ``directions`` that there are and that leave room for levels."""
        size = -(-dim * self.bits // 8)
        return [r for r in self.directions if r <= dim and r * size <= _SHARE * self.most] or [0]

    def allows(self, payload: Payload) -> bool:
        """Return whether it has no more directions."""
        return payload.codec == self.name and 0 <= self.count(payload) <= max(self.directions)

    @staticmethod
    def count(payload: Payload) -> int:
        """Return how many directions a payload has, told by lengths; -1 for none such."""
        parts = payload.part(Part.ACTIONS), payload.part(Part.ROWS)
        return coding.count_level_directions(*parts, *payload.shape)

    @classmethod
    def decode_beside(cls, payloads: Sequence[Payload], replica: Float32s) -> list[RowUpdate]:
        """Read the levels and add up along the directions."""
        updates = []
        for payload in payloads:
            parts = payload.part(Part.ACTIONS), payload.part(Part.ROWS)
            found = coding.unpack_levels(*parts, replica)
            if found is None:
                raise PayloadError("the parts of a payload are no directions and their levels")
            updates.append(RowUpdate(*found, len(replica), rank=cls.count(payload)))
        return updates

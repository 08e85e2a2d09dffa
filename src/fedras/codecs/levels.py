"""Levels: coordinates along few directions, as whole steps that fit a budget of bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs.codec import CODECS, Relative
from fedras.codecs.direction import LARGEST
from fedras.codecs.packing import require_finite
from fedras.codecs.payload import Part, Payload
from fedras.codecs.update import RowUpdate
from fedras.core import coding
from fedras.errors import PayloadError


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
        How many, at most.
    bits
        Of each number of a direction.
    replica
        float32[N, d], what both sides hold; None stands for zeros.
    """

    most: int = 1000
    directions: int = 4
    bits: int = 6
    replica: Float32s | None = field(default=None, compare=False, repr=False)
    name = "levels"

    def beside(self, replica: Float32s) -> "Levels":
        """Return the codec whose chances depend on a replica."""
        return replace(self, replica=replica)

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code one update."""
        return self.attempt(update)[0]

    def attempt(self, update: RowUpdate) -> tuple[Payload, float]:
        """Return the payload, and the sum of squares of what it does not say."""
        values = np.ascontiguousarray(update.values)
        require_finite(values)
        replica = np.zeros(update.shape, np.float32) if self.replica is None else self.replica
        directions = min(self.directions, update.shape[1])
        vectors, rows, lost = coding.pack_levels(
            update.rows,
            values.clip(-LARGEST, LARGEST),
            replica,
            directions,
            self.bits,
            self.most,
        )
        parts: dict[int, bytes] = {Part.ROWS: rows, Part.ACTIONS: vectors}
        return Payload(self.name, "f32", update.shape, parts), lost

    def allows(self, payload: Payload) -> bool:
        """Return whether it has no more directions."""
        if payload.codec != self.name:
            return False
        parts = payload.part(Part.ACTIONS), payload.part(Part.ROWS)
        return 0 <= coding.count_level_directions(*parts, *payload.shape) <= self.directions

    @classmethod
    def decode_beside(cls, payloads: Sequence[Payload], replica: Float32s) -> list[RowUpdate]:
        """Read the levels and add up along the directions."""
        updates = []
        for payload in payloads:
            parts = payload.part(Part.ACTIONS), payload.part(Part.ROWS)
            found = coding.unpack_levels(*parts, replica)
            if found is None:
                raise PayloadError("the parts of a payload are no directions and their levels")
            rank = coding.count_level_directions(*parts, *payload.shape)
            updates.append(RowUpdate(*found, len(replica), rank=rank))
        return updates

"""Actions: K-means centroids of an update's rows and each row's index (paper, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.codec import CODECS, Codec, RowUpdate
from fedras.codecs.packing import (
    pack_choices,
    pack_floats,
    pack_rows,
    require_finite,
    unpack_choices,
    unpack_floats,
    unpack_rows,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.kernels import kmeans


@CODECS.register("actions")
@dataclass(frozen=True)
class Actions(Codec):
    """At most ``limit`` actions; an update of no more rows is sent `Plain`.

    This is the selective compression of Algorithm 1, lines 26 to 28: ``limit`` is e_u.

    Attributes
    ----------
    limit
        The largest number of actions.
    iterations
        Of Lloyd's algorithm, at most.
    numbers
        The format of the floats.
    """

    limit: int
    iterations: int = 10
    numbers: str = "f32"
    name = "actions"

    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code one update."""
        return self.encode_all([update], np.array([key], np.uint64))[0]

    def encode_all(self, updates: Sequence[RowUpdate], keys: NDArray[np.uint64]) -> list[Payload]:
        """Code many updates, clustered in parallel."""
        large = [i for i, update in enumerate(updates) if len(update.rows) > self.limit]
        for i in large:
            require_finite(updates[i].values)
        groups = kmeans.cluster_all(
            [updates[i].values for i in large], self.limit, self.iterations, keys[large]
        )
        coded = dict(zip(large, groups, strict=True))
        return [
            pack_actions(update, *coded[i], self.numbers, keys[i])
            if i in coded
            else Plain(self.numbers).encode(update, keys[i])
            for i, update in enumerate(updates)
        ]

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Give each row its action."""
        size, columns = payload.shape
        rows = unpack_rows(payload.part(Part.ROWS), size)
        actions = unpack_floats(payload, Part.ACTIONS, columns)
        index = unpack_choices(payload.part(Part.ASSIGNMENTS), len(rows), len(actions))
        return RowUpdate(rows, actions[index], size, len(actions))


def pack_actions(
    update: RowUpdate,
    actions: NDArray[np.float32],
    assignment: NDArray[np.int32],
    numbers: str,
    key: np.uint64,
) -> Payload:
    """Return the payload for ``actions``, float32[k, d], and each row's index, int32[n].

    The most frequent action comes first: their order is free, and counts that do not increase take
    less room than the same counts in any order.
    """
    counts = np.bincount(assignment, minlength=len(actions))
    order = np.argsort(-counts, kind="stable")
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    parts: dict[int, bytes] = {
        Part.ROWS: pack_rows(update.rows, update.size),
        Part.ASSIGNMENTS: pack_choices(rank[assignment], counts[order]),
        Part.ACTIONS: pack_floats(actions[order], numbers, key),
    }
    return Payload(Actions.name, numbers, update.shape, parts)

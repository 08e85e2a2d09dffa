"""Actions: K-means centroids of an update's rows and each row's index (paper, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.codec import CODECS, Codec, RowUpdate
from fedras.codecs.packing import (
    pack_choices,
    pack_matrices,
    pack_row_sets,
    unpack_choices,
    unpack_matrices,
    unpack_row_sets,
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
        """Code many updates, clustered and packed in parallel."""
        large = [i for i, update in enumerate(updates) if len(update.rows) > self.limit]
        chosen = [updates[i] for i in large]
        groups = kmeans.cluster_all(
            [update.values for update in chosen], self.limit, self.iterations, keys[large]
        )
        coded = dict(zip(large, pack_all(chosen, groups, self.numbers, keys[large]), strict=True))
        return [
            coded[i] if i in coded else Plain(self.numbers).encode(update, keys[i])
            for i, update in enumerate(updates)
        ]

    @classmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Give each row its action."""
        return cls.decode_all([payload])[0]

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode many, unpacked in parallel."""
        size, columns = payloads[0].shape
        rows = unpack_row_sets([payload.part(Part.ROWS) for payload in payloads], size)
        actions = unpack_matrices(payloads, Part.ACTIONS, columns)
        index = unpack_choices(
            [payload.part(Part.ASSIGNMENTS) for payload in payloads],
            [len(own) for own in rows],
            [len(own) for own in actions],
        )
        return [
            RowUpdate(own, vectors, size, which)
            for own, vectors, which in zip(rows, actions, index, strict=True)
        ]


def pack_actions(
    update: RowUpdate,
    actions: NDArray[np.float32],
    assignment: NDArray[np.int32],
    numbers: str,
    key: np.uint64,
) -> Payload:
    """Return the payload of one update (`pack_all`)."""
    return pack_all([update], [(actions, assignment)], numbers, np.array([key], np.uint64))[0]


def pack_all(
    updates: Sequence[RowUpdate],
    groups: Sequence[tuple[NDArray[np.float32], NDArray[np.int32]]],
    numbers: str,
    keys: NDArray[np.uint64],
) -> list[Payload]:
    """Return a payload per update: its actions, float32[k, d], and each row's index, int32[n].

    The most frequent action comes first.
    """
    if not updates:
        return []
    rows = pack_row_sets([update.rows for update in updates], updates[0].size)
    choices = pack_choices([index for _, index in groups], [len(a) for a, _ in groups])
    actions = [vectors[order] for (vectors, _), (_, order) in zip(groups, choices, strict=True)]
    floats = pack_matrices(actions, numbers, keys)
    return [
        Payload(
            Actions.name,
            numbers,
            update.shape,
            {
                Part.ROWS: own,
                Part.ASSIGNMENTS: assignment,
                Part.ACTIONS: vectors,
            },
        )
        for update, own, (assignment, _), vectors in zip(
            updates, rows, choices, floats, strict=True
        )
    ]

"""Actions: K-means centroids of an update's rows and each row's index (paper, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fedras.arrays import Float32s, Int32s, UInt64s
from fedras.codecs.codec import CODECS, Batched
from fedras.codecs.groups import Groups
from fedras.codecs.packing import (
    count_vectors,
    pack_choices,
    pack_matrices,
    pack_row_sets,
    unpack_choices,
    unpack_matrices,
    unpack_row_sets,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.codecs.update import RowUpdate, Updates
from fedras.core import clustering


@CODECS.register("actions")
@dataclass(frozen=True)
class Actions(Batched):
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

    def encode_all(self, updates: Sequence[RowUpdate], keys: UInt64s) -> list[Payload]:
        """Code many updates, clustered and packed at once."""
        if not updates:
            return []
        batch = Updates.of(updates)
        large = np.flatnonzero(batch.counts > self.limit)
        chosen = batch.subset(large)
        values = np.ascontiguousarray(batch.values)
        groups = Groups(
            *clustering.cluster_all(
                values, chosen.starts, chosen.counts, self.limit, self.iterations, keys[large]
            )
        )
        coded = dict(
            zip(large.tolist(), pack_all(chosen, groups, self.numbers, keys[large]), strict=True)
        )
        return [
            coded[i] if i in coded else Plain(self.numbers).encode(batch[i], keys[i])
            for i in range(len(batch))
        ]

    def allows(self, payload: Payload) -> bool:
        """Return whether there are no more than ``limit`` vectors."""
        part = {self.name: Part.ACTIONS, Plain.name: Part.VALUES}.get(payload.codec)
        return part is not None and count_vectors(payload, part, payload.shape[1]) <= self.limit

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode many in few calls."""
        size, columns = payloads[0].shape
        rows = unpack_row_sets([payload.part(Part.ROWS) for payload in payloads], size)
        counts = [len(own) for own in rows]
        actions = unpack_matrices(payloads, Part.ACTIONS, columns, counts)
        index = unpack_choices(
            [payload.part(Part.ASSIGNMENTS) for payload in payloads],
            counts,
            [len(own) for own in actions],
        )
        return [
            RowUpdate(own, vectors, size, which)
            for own, vectors, which in zip(rows, actions, index, strict=True)
        ]


def pack_actions(
    update: RowUpdate,
    actions: Float32s,
    assignment: Int32s,
    numbers: str,
    key: np.uint64,
) -> Payload:
    """Return the payload of one update: its actions, float32[k, d], and each row's, int32[n].

    The most frequent action comes first.
    """
    groups = Groups.of(actions, assignment)
    return pack_all(Updates.of([update]), groups, numbers, np.array([key], np.uint64))[0]


def pack_all(updates: Updates, groups: Groups, numbers: str, keys: UInt64s) -> list[Payload]:
    """Return a payload for each update and its groups, as `pack_actions` does."""
    shape = updates.size, updates.values.shape[1]
    rows = pack_row_sets(updates.rows, updates.starts, updates.counts, updates.size)
    ks = np.diff(groups.first)
    assignments, order = pack_choices(groups.assignment, groups.bounds, ks)
    actions = groups.centroids[order + np.repeat(groups.first[:-1], ks)]
    vectors = pack_matrices(actions, groups.first, numbers, keys)
    return [
        Payload(
            Actions.name,
            numbers,
            shape,
            {Part.ROWS: own, Part.ASSIGNMENTS: index, Part.ACTIONS: floats},
        )
        for own, index, floats in zip(rows, assignments, vectors, strict=True)
    ]

"""Actions: K-means centroids of an update's rows and each row's index (paper, section 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.codec import CODECS, Codec, RowUpdate
from fedras.codecs.packing import (
    join,
    pack_choices,
    pack_floats,
    pack_row_sets,
    require_finite,
    unpack_choices,
    unpack_floats,
    unpack_row_sets,
)
from fedras.codecs.payload import Part, Payload
from fedras.codecs.plain import Plain
from fedras.kernels import kmeans
from fedras.kernels.gather import spread


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
        for i in large:
            require_finite(updates[i].values)
        groups = kmeans.cluster_all(
            [updates[i].values for i in large], self.limit, self.iterations, keys[large]
        )
        chosen = [updates[i] for i in large]
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
        actions = [unpack_floats(payload, Part.ACTIONS, columns) for payload in payloads]
        index = unpack_choices(
            [payload.part(Part.ASSIGNMENTS) for payload in payloads],
            [len(own) for own in rows],
            [len(own) for own in actions],
        )
        flat, bounds = join(index)
        starts = np.cumsum([0, *map(len, actions)])
        values = np.empty((len(flat), columns), np.float32)
        spread(np.concatenate(actions), starts, flat, bounds, values)
        return [
            RowUpdate(own, values[a:b], size, len(vectors))
            for own, vectors, (a, b) in zip(rows, actions, pairwise(bounds.tolist()), strict=True)
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
    return [
        Payload(
            Actions.name,
            numbers,
            update.shape,
            {
                Part.ROWS: own,
                Part.ASSIGNMENTS: assignment,
                Part.ACTIONS: pack_floats(actions[order], numbers, key),
            },
        )
        for update, (actions, _), own, (assignment, order), key in zip(
            updates, groups, rows, choices, keys, strict=True
        )
    ]

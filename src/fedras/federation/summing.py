"""Summing on the node: one upload for all of a node's users that take part in a round.

The server sees what a node's users learnt together, and never what one of them did. A node sends
the mean of its users' updates by row, as `Server.average` would take it, and of their scoring
models; the server treats it like the upload of a client.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.codecs import RowUpdate, Updates
from fedras.config import Config
from fedras.errors import UsageError
from fedras.methods import Method

T = TypeVar("T")


def require_summable(config: Config, method: Method) -> None:
    """Raise UsageError if nodes shall add up what nobody can.

    A node has one budget, so there can be one rate; whose updates are not averaged as they are
    (`Method.average`), and who is trusted on their own, must send on their own.
    """
    if not config.summing_nodes:
        return
    if config.several_rates:
        raise UsageError("nodes that add up their users have one rate: leave out rate_range")
    if config.reputation:
        raise UsageError("of what a node adds up no user can be judged: leave out reputation")
    if type(method).average is not Method.average:
        raise UsageError("summing_nodes needs a method that averages what clients send")


def dealt(clients: UInt64s, nodes: int) -> Int64s:
    """Return int64[M], the node of each client, uint64[M]: the remainder of its identity."""
    return (clients % np.uint64(nodes)).astype(np.int64)


def groups_of(nodes: Int64s) -> list[Int64s]:
    """Return the places of each node in int64[C], ascending, nodes by their numbers."""
    order = np.argsort(nodes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(nodes[order])) + 1) if len(order) else []


def of_each(uploads: Sequence[T | None], nodes: Int64s) -> list[T | None]:
    """Return for each client of int64[C] the upload that its node sent in the name of one."""
    found = list(uploads)
    for group in groups_of(nodes):
        sent = next((uploads[c] for c in group.tolist() if uploads[c] is not None), None)
        for c in group.tolist():
            found[c] = sent
    return found


def mean_update(updates: Sequence[RowUpdate]) -> RowUpdate:
    """Return the mean of at least one update by row, each over the users that have it.

    Sums are in double precision and in the order of the updates.
    """
    if len(updates) == 1:
        return updates[0]
    batch = Updates.of(updates)
    ends = (batch.starts + batch.counts).tolist()
    own = np.concatenate(
        [np.arange(a, b) for a, b in zip(batch.starts.tolist(), ends, strict=True)]
    )
    rows, values = batch.rows[own], batch.values[own].astype(np.float64)
    order = np.argsort(rows, kind="stable")
    distinct, first = np.unique(rows[order], return_index=True)
    if not len(distinct):
        return RowUpdate(distinct, batch.values[:0], batch.size)
    counts = np.diff(np.append(first, len(rows)))
    total = np.zeros((len(distinct), values.shape[1]))
    for turn in range(int(counts.max())):  # reduceat may add in another order
        has = np.flatnonzero(counts > turn)
        total[has] += values[order[first[has] + turn]]
    return RowUpdate(distinct, (total / counts[:, None]).astype(np.float32), batch.size)


def mean_change(changes: Float32s) -> Float32s:
    """Return float32[1, P], the mean of the scoring models' changes, float32[C, P]."""
    total = np.zeros(changes.shape[1])
    for change in changes:
        total += change
    return (total / len(changes)).astype(np.float32)[None]


def rows_of_one(rows: int, size: int, users: float) -> int:
    """Return how many rows one user has if so many users together have ``rows`` of ``size``.

    Users' rows are taken to be drawn alike: together they have size (1 - (1 - r / size)^users).
    """
    missed: float = (1 - min(rows / size, 1 - 1e-9)) ** (1 / max(1.0, users))
    return round(size * (1 - missed))

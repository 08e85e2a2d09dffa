"""Summing on the node: one upload for all of a node's users that take part in a round.

The server sees what a node's users learnt together, and never what one of them did. A node sends
the mean of its users' updates by row, as `Server.average` would take it, and of their scoring
models; the server treats it like the upload of a client.
"""

from collections.abc import Sequence

import numpy as np

from fedras.aggregation.mean import Mean
from fedras.arrays import Float32s, Int64s, UInt64s
from fedras.codecs import RowUpdate
from fedras.config import Config
from fedras.errors import UsageError
from fedras.federation.wire import NOTHING, Upload
from fedras.methods import Method


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


def of_each(uploads: Sequence[Upload | None], nodes: Int64s) -> list[Upload | None]:
    """Return for each client of int64[C] the upload that its node sent in the name of one."""
    found = list(uploads)
    for group in groups_of(nodes):
        own = (uploads[c] for c in group.tolist())
        sent = next((upload for upload in own if upload not in {None, NOTHING}), None)
        for c in group.tolist():
            found[c] = sent
    return found


def mean_update(updates: Sequence[RowUpdate]) -> RowUpdate:
    """Return the mean of at least one update by row, each over the users that have it."""
    shape = updates[0].shape
    rows, total, count = Mean().sums(updates, shape)
    return RowUpdate(rows, (total / count[:, None]).astype(np.float32), shape[0])


def mean_change(changes: Float32s) -> Float32s:
    """Return float32[1, P], the mean of the scoring models' changes, float32[C, P]."""
    return Mean().centre(changes).astype(np.float32)[None]


def rows_of_one(rows: int, size: int, users: float) -> int:
    """Return how many rows one user has if so many users together have ``rows`` of ``size``.

    Users' rows are taken to be drawn alike: together they have size (1 - (1 - r / size)^users).
    """
    missed: float = (1 - min(rows / size, 1 - 1e-9)) ** (1 / max(1.0, users))
    return round(size * (1 - missed))

"""What clients download when only participants do: everything that they missed since last time.

The paper lets every client hear every round. At 10 % participation a client that takes part has
missed ten updates on average, and it cannot do without them.
"""

import math

import numpy as np

from fedras.arrays import Float32s, Int64s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.payload import Part
from fedras.codecs.plain import Plain
from fedras.federation import scoring
from fedras.federation.server import Server
from fedras.federation.wire import Traffic


def count_fetched(server: Server, cohort: Int64s) -> list[Traffic]:
    """Count what the cohort, int64[C], fetches at the start of a round, and note that it has.

    A client fetches the updates since the version that it holds or a snapshot, whichever is
    smaller, of its replica and of the scoring model; a newcomer holds version 0. Of matrices that
    are sent whole it fetches the newest. The newest update is counted by its parts, all that is
    older and snapshots as ``catch_up``. What one user of a node that adds up fetches, all have.

    Returns
    -------
    By stream, what those of the cohort fetch that hear it.
    """
    version, found = server.broadcast.round, []
    whole = len(scoring.write(server.scoring, "f32", version, np.uint64(0)))
    for s, stream in enumerate(server.streams):
        mine = cohort[server.stream_of[cohort] == s]
        traffic = Traffic(clients=len(mine))
        missed = _missed(stream.log, server.heard[mine])
        if missed.sum():
            newest = server.broadcast.items[s]
            if server.method.absolute:  # the newest says all: it replaces what was there
                missed = np.minimum(missed, len(newest))
            if missed.max() > stream.snapshot:
                stream.snapshot = snapshot_size(server.items.shape, version)
            listeners, rest = _fetched(missed, len(newest), stream.snapshot)
            if newest:
                payload = Payload.from_bytes(newest, server.items.shape, version)
                traffic.add(newest, payload, listeners)
            traffic.add_catch_up(rest)
        change = server.broadcast.scoring
        listeners, rest = _fetched(
            _missed(server.scoring_log, server.heard[mine]), len(change), whole
        )
        traffic.add_scoring(change, listeners)
        traffic.add_catch_up(rest)
        found.append(traffic)
    together = cohort if server.node is None else np.isin(server.node, server.node[cohort])
    server.heard[together] = version
    return found


def _missed(log: list[int], heard: Int64s) -> Int64s:
    """Return the bytes of the updates since the version that each client heard last."""
    return np.array([log[-1] - log[version] for version in heard.tolist()], np.int64)


def _fetched(missed: Int64s, newest: int, snapshot: int) -> tuple[int, int]:
    """Return how many clients fetch updates, the newest among them, and the bytes of all else."""
    by_update = missed <= snapshot
    listeners = int(by_update.sum())
    older = int(missed[by_update].sum()) - newest * listeners
    return listeners, older + snapshot * (len(missed) - listeners)


def snapshot(replica: Float32s, version: int) -> bytes:
    """Return a replica, float32[N, d], as bytes, exactly."""
    rows = np.arange(len(replica), dtype=np.int32)
    update = RowUpdate(rows, replica, len(rows))
    return Plain().encode(update, np.uint64(0)).of_round(version).to_bytes()


def snapshot_size(shape: tuple[int, int], version: int) -> int:
    """Return how long the `snapshot` of any replica of this shape is, without making one."""
    numbers = 4 * math.prod(shape)
    some = min(numbers, 1 << 16)  # from there on a byte more is a byte more of the payload
    parts: dict[int, bytes] = {Part.ROWS: b"", Part.VALUES: bytes(some)}
    payload = Payload(Plain.name, Plain.numbers, shape, parts, version)
    return len(payload.to_bytes()) + numbers - some

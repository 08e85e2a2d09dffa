"""What clients download when only participants do: everything that they missed since last time.

The paper lets every client hear every round. At 10 % participation a client that takes part has
missed ten updates on average, and it cannot do without them.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.federation.server import Server, Stream
from fedras.federation.wire import Traffic


def catch_up(server: Server, cohort: NDArray[np.int64]) -> Traffic:
    """Count what the cohort, int64[C], fetches at the start of a round, and note that it has.

    A client fetches the updates since the version of its replica or a snapshot, whichever is
    smaller; a newcomer's replica has version 0. The newest update is counted by its parts, all
    that is older and snapshots as ``catch_up``.
    """
    traffic = Traffic(clients=len(cohort))
    version = server.broadcast.round
    for s, stream in enumerate(server.streams):
        mine = cohort[server.stream_of[cohort] == s]
        log = np.asarray(stream.log)
        missed = log[version] - log[server.heard[mine]]
        if missed.sum() == 0:
            continue
        if missed.max() > stream.snapshot:
            stream.snapshot = len(_snapshot(stream, version))
        by_update = missed <= stream.snapshot
        newest = server.broadcast.items[s]
        parsed = Payload.from_bytes(newest, server.items.shape, version)
        traffic.add(newest, parsed, int(by_update.sum()))
        older = int(missed[by_update].sum()) - len(newest) * int(by_update.sum())
        traffic.add_catch_up(older + stream.snapshot * int((~by_update).sum()))
    traffic.add_scoring(server.broadcast.scoring, len(cohort))
    server.heard[cohort] = version
    return traffic


def _snapshot(stream: Stream, version: int) -> bytes:
    """Return a stream's replica as bytes, exactly."""
    rows = np.arange(len(stream.replica), dtype=np.int32)
    update = RowUpdate(rows, stream.replica, len(rows))
    return Plain().encode(update, np.uint64(0)).of_round(version).to_bytes()

"""What changes in a server from round to round, as arrays and JSON values."""

from typing import Any

import numpy as np

from fedras.arrays import Arrays
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast


def server_state(server: Server) -> tuple[Arrays, dict[str, Any]]:
    """Return the server's state but its streams' replicas: arrays, not copied, and values."""
    arrays: Arrays = {
        "items": server.items,
        "scoring": server.scoring,
        "scoring_lost": server.scoring_lost,
        "scoring_sent": np.frombuffer(bytearray(server.broadcast.scoring), np.uint8),
        "heard": server.heard,
        "trust": server.trust,
    }
    for s, update in enumerate(server.broadcast.items):
        arrays[f"broadcast_{s}"] = np.frombuffer(update, np.uint8)
    streams = [
        {"memory": stream.memory, "log": stream.log, "snapshot": stream.snapshot}
        for stream in server.streams
    ]
    round_ = server.broadcast.round
    return arrays, {"round": round_, "streams": streams, "scoring_log": server.scoring_log}


def restore_server(server: Server, arrays: Arrays, values: dict[str, Any]) -> None:
    """Return to what `server_state` gave, and ``arrays["replicas"]``, float32[S, N, d]."""
    round_ = values["round"]
    server.items, server.heard = arrays["items"], arrays["heard"]
    server.trust = arrays["trust"]
    server.scoring, server.scoring_lost = arrays["scoring"], arrays["scoring_lost"]
    server.scoring_log = values["scoring_log"]
    for s, (stream, kept) in enumerate(zip(server.streams, values["streams"], strict=True)):
        stream.replica = arrays["replicas"][s].copy()
        stream.memory, stream.log = kept["memory"], kept["log"]
        stream.snapshot = kept["snapshot"]
    coded = [
        arrays[f"broadcast_{s}"].tobytes() for s in range(len(server.streams) if round_ else 0)
    ]
    server.broadcast = Broadcast(round_, tuple(coded), arrays["scoring_sent"].tobytes())

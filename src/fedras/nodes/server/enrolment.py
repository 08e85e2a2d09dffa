"""Clients that join a run which has begun."""

import numpy as np

from fedras.arrays import Float64s, UInt64s
from fedras.federation.budgets import client_budgets
from fedras.federation.server import Server, Stream
from fedras.nodes.server.history import History, Line


def enrol(server: Server, history: History, rates: Float64s, clients: UInt64s) -> None:
    """Add clients, uint64[n], with their compression rates, float64[n], to the server.

    A budget that nobody had starts as a copy of the stream of the nearest one: whoever hears it is
    sent a snapshot first.
    """
    n_items, dim = server.items.shape
    budgets, which = client_budgets(rates, server.method, n_items, dim)
    streams = np.array([_stream(server, history, budget) for budget in budgets.tolist()])
    hears = streams[which]
    for s in hears.tolist():
        server.streams[s].listeners += 1
    server.clients = np.concatenate((server.clients, clients))
    server.stream_of = np.concatenate((server.stream_of, hears))
    server.heard = np.concatenate((server.heard, np.zeros(len(clients), np.int64)))
    server.trust = np.concatenate((server.trust, np.zeros(len(clients))))


def _stream(server: Server, history: History, budget: int) -> int:
    """Return the number of the stream of a budget, which is made if there is none."""
    known = [stream.budget for stream in server.streams]
    if budget in known:
        return known.index(budget)
    near = server.streams[int(np.argmin(np.abs(np.array(known) - budget)))]
    memory, log = dict(near.memory), list(near.log)
    server.streams.append(Stream(budget, 0, near.replica.copy(), memory, log))
    history.lines.append(Line(server.broadcast.round + 1))
    return len(known)

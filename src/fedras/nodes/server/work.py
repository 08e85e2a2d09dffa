"""The message that brings a node up to date and gives it something to do, and what answers it."""

import numpy as np

from fedras.arrays import Int64s, UInt64s
from fedras.errors import PayloadError
from fedras.federation.server import Server
from fedras.nodes.messages import HISTOGRAMS, NO_TAG, Done, News, Work, pack_clients
from fedras.nodes.server.history import History
from fedras.nodes.server.roster import Member


def work_for(
    member: Member,
    server: Server,
    history: History,
    run: bytes,
    cohort: UInt64s,
    evaluate: int = 0,
    matrix: bytes = b"",
    bins: int = 2,
) -> Work:
    """Return the message for a node.

    Parameters
    ----------
    member
        The node.
    server, history, run
        The run.
    cohort
        uint64[C], which of the node's clients shall train or rank.
    evaluate, matrix, bins
        See `Work`.
    """
    version = server.broadcast.round
    order = np.argsort(server.clients)

    def stream_of(clients: UInt64s) -> Int64s:
        return server.stream_of[order[np.searchsorted(server.clients, clients, sorter=order)]]

    streams = np.unique(stream_of(member.clients))
    budgets = tuple(server.streams[s].budget for s in streams)
    base, base_tag = member.version, member.tag
    if budgets != member.budgets or not history.knows(base, base_tag):
        base, base_tag = 0, NO_TAG  # from the replicas that follow from the seed
    which = np.searchsorted(streams, stream_of(cohort)).astype(np.uint8).tobytes()
    return Work(
        run,
        base,
        base_tag,
        version,
        history.tags[version],
        budgets,
        tuple(_news(history, server, s, base) for s in streams.tolist()),
        _news(history, server, None, base),
        pack_clients(cohort),
        which if len(streams) > 1 else b"",
        evaluate,
        matrix,
        bins,
    )


def require_answer(work: Work, done: Done, most: int) -> None:
    """Check that an answer can be meant; each client has at most so many held-out items.

    Raises
    ------
    PayloadError
        If it states other replicas, or an upload or a rank of nobody who was asked.
    """
    clients, evaluate = len(work.cohort) // 8, work.evaluate
    if (done.version, done.tag) != (work.version, work.tag):
        raise PayloadError("its replicas are not what it was sent", "replicas")
    if len(done.uploads) != (0 if evaluate else clients):
        raise PayloadError(f"{len(done.uploads)} uploads of {clients} clients", "uploads")
    if len(done.counts) != numbers(work):
        raise PayloadError("its histograms of ranks are no such", "ranks")
    sums = {
        sum(done.counts[start : start + work.bins])
        for start in range(0, len(done.counts), work.bins)
    }
    if len(sums) > 1:
        raise PayloadError("its histograms are of different users", "ranks")
    if max(sums, default=0) > clients * most:
        raise PayloadError(f"{max(sums)} ranks of {clients} clients", "ranks")


def numbers(work: Work) -> int:
    """Return how many numbers the histograms have together that answer ``work``."""
    return (0, 1, HISTOGRAMS)[work.evaluate] * work.bins


def _news(history: History, server: Server, stream: int | None, base: int) -> News:
    """Return what is new of a stream, or of the scoring model, since a version."""
    if base == server.broadcast.round:
        return News(b"", ())
    if stream is None:
        return history.scoring_news(server, base)
    return history.news(server, stream, base)

"""The message that brings a node up to date and gives it something to do."""

import numpy as np

from fedras.arrays import Int64s
from fedras.federation.server import Server
from fedras.nodes.messages import News, Work, pack_clients
from fedras.nodes.node.memory import NO_TAG
from fedras.nodes.server.history import History
from fedras.nodes.server.roster import Member


def work_for(
    member: Member,
    server: Server,
    history: History,
    run: bytes,
    cohort: Int64s | None = None,
    evaluate: int = 0,
    matrix: bytes = b"",
) -> Work:
    """Return the message for a node.

    Parameters
    ----------
    member
        The node.
    server, history, run
        The run.
    cohort
        int64[C], which of its clients shall train.
    evaluate, matrix
        See `Work`.
    """
    version = server.broadcast.round
    hears = _streams(member, server)
    streams = np.unique(hears)
    budgets = tuple(server.streams[s].budget for s in streams)
    base, base_tag = member.version, member.tag
    if budgets != member.budgets:  # from the replicas that follow from the seed
        base, base_tag = 0, NO_TAG
    news = [_news(history, server, s, base) for s in streams.tolist()]
    wanted = hears if cohort is None else server.stream_of[cohort]
    which = np.searchsorted(streams, wanted).astype(np.uint8).tobytes()
    return Work(
        run,
        base,
        base_tag,
        version,
        history.tags[version],
        budgets,
        tuple(news),
        _news(history, server, None, base),
        b"" if cohort is None else pack_clients(server.clients[cohort]),
        which if len(streams) > 1 else b"",
        evaluate,
        matrix,
    )


def budgets_of(member: Member, server: Server) -> tuple[int, ...]:
    """Return the budgets of the streams that a node's clients hear."""
    return tuple(server.streams[s].budget for s in np.unique(_streams(member, server)))


def _news(history: History, server: Server, stream: int | None, base: int) -> News:
    """Return what is new of a stream, or of the scoring model, since a version."""
    if base == server.broadcast.round:
        return News(b"", ())
    if stream is None:
        return history.scoring_news(server, base)
    return history.news(server, stream, base)


def _streams(member: Member, server: Server) -> Int64s:
    """Return int64[M], the stream that each of a node's clients hears."""
    order = np.argsort(server.clients)
    place = np.searchsorted(server.clients, member.named, sorter=order)
    return server.stream_of[order[place]]

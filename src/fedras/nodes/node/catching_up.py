"""A node's replicas, brought from the version that it holds to the server's."""

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs import Payload
from fedras.codecs.codec import decode
from fedras.codecs.heard import hear
from fedras.errors import PayloadError
from fedras.federation import scoring
from fedras.federation.client import Silo
from fedras.nodes.messages import News, Work


def catch_up(silo: Silo, work: Work) -> None:
    """Apply what is new to a silo at version ``work.base``; exactly as the server did.

    Raises
    ------
    PayloadError
        For bytes that are not these updates; nothing has changed then.
    """
    replicas = np.stack(
        [_replica(silo, s, news, work) for s, news in enumerate(_all(work.news, silo))]
    )
    silo.scoring = _scoring(silo, work.scoring, work)
    silo.replicas, silo.version = replicas, work.version


def read_matrix(data: bytes, shape: tuple[int, int], version: int) -> Float32s:
    """Return float32[N, d] from a snapshot.

    Raises
    ------
    PayloadError
        If it is none of this shape and version.
    """
    update = decode(Payload.from_bytes(data, shape, version))
    if len(update.rows) != shape[0]:
        raise PayloadError(f"a snapshot of {len(update.rows)} of {shape[0]} rows")
    return np.asarray(update.values, np.float32)


def _all(news: tuple[News, ...], silo: Silo) -> tuple[News, ...]:
    if len(news) != len(silo.replicas):
        raise PayloadError(f"news of {len(news)} streams for {len(silo.replicas)} replicas")
    return news


def _replica(silo: Silo, s: int, news: News, work: Work) -> Float32s:
    replica: Float32s = silo.replicas[s]
    shape = (len(replica), silo.config.dim)
    if news.snapshot:
        return read_matrix(news.snapshot, shape, work.version)
    # Of matrices that are sent whole, the newest says all.
    missed = work.version - work.base
    if len(news.updates) != missed and not (silo.method.absolute and len(news.updates) == 1):
        raise PayloadError(f"{len(news.updates)} updates for {missed} missed rounds")
    replica = replica.copy()
    first = work.version - len(news.updates) + 1
    for number, data in enumerate(news.updates, start=first):
        if data or silo.config.every == 1:  # else the server was silent
            silo.method.apply(hear(data, replica, number).update, replica)
    return replica


def _scoring(silo: Silo, news: News, work: Work) -> Float32s:
    size = len(silo.scoring)
    if not size:
        return silo.scoring
    if news.snapshot:
        return scoring.read(news.snapshot, size, work.version)
    if len(news.updates) != work.version - work.base:
        raise PayloadError(f"{len(news.updates)} changes of the scoring model are too few or many")
    parameters: Float32s = silo.scoring
    for number, data in enumerate(news.updates, start=work.base + 1):
        if data or silo.config.every == 1:
            parameters = parameters + scoring.read(data, size, number)
    return parameters

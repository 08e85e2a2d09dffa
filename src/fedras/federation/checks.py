"""What the server checks of uploads: a bad one is dropped, and the round goes on."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fedras.arrays import Bools, Float32s, Int64s
from fedras.codecs import RowUpdate
from fedras.core.numbers import all_within
from fedras.errors import PayloadError
from fedras.federation.norms import bounded
from fedras.federation.reading import chosen, decode
from fedras.federation.reputation import judge
from fedras.federation.server import Server
from fedras.federation.wire import Traffic, Upload

LARGEST = 2.0**20
"""No number moves by more in a round: embeddings are of order 1, and 2^128 overflows a float32."""

_DISTRUSTED = PayloadError("it disagreed with the others so far", "distrusted")
_TOO_LARGE = PayloadError(f"a number is beyond {LARGEST:.0f}", "too large")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a round learns from its cohort.

    Attributes
    ----------
    delta
        Of the item matrix.
    change
        float32[P], of the scoring model.
    dropped
        How many uploads were not believed, by reason.
    clipped
        How many rows of updates, and changes of scoring models, were shortened.
    """

    delta: RowUpdate
    change: Float32s
    dropped: Counter[str]
    clipped: int


def learn(server: Server, cohort: Int64s, uploads: Sequence[Upload], traffic: Traffic) -> Learnt:
    """Decode, check and average what the cohort sent (lines 8 to 10).

    Whatever the uploads hold, the result is finite, and that of the same round without the clients
    whose uploads are dropped. Nobody may be left.

    Parameters
    ----------
    server
        Nothing but its ``trust`` is changed.
    cohort
        int64[C], who sent something.
    uploads
        Of each of them.
    traffic
        Counts all uploads, dropped ones too.
    """
    intake = _read(server, cohort, uploads, traffic)
    intake.updates, intake.changes, clipped = bounded(server.config, intake.updates, intake.changes)
    if server.config.reputation:
        intake.keep(judge(server.trust, intake.cohort, intake.updates, intake.changes), _DISTRUSTED)
    delta, change = intake.average()
    # What moves the average little does no harm, so there is no need to look at each client.
    if not _moderate(delta.values, change):
        own = zip(intake.updates, intake.changes, strict=True)
        intake.keep([_moderate(update.vectors, mine) for update, mine in own], _TOO_LARGE)
        delta, change = intake.average()
    return Learnt(delta, change, intake.dropped, clipped)


@dataclass(eq=False)
class _Intake:
    """The uploads that are still believed, one of each client of ``cohort``."""

    server: Server
    cohort: Int64s
    updates: Sequence[RowUpdate]
    changes: Float32s
    dropped: Counter[str] = field(default_factory=Counter)

    def keep(self, good: Sequence[bool] | Bools, error: PayloadError) -> None:
        """Drop the uploads that are not good, because of ``error``."""
        kept = np.array(good, np.bool_)
        for client in self.cohort[~kept]:
            _drop(self.server, client, error, self.dropped)
        self.cohort, self.changes = self.cohort[kept], self.changes[kept]
        self.updates = chosen(self.updates, kept)

    def average(self) -> tuple[RowUpdate, Float32s]:
        """Return the average updates of the item matrix and of the scoring model."""
        return self.server.average(self.updates), self.server.average_scoring(self.changes)


def _read(server: Server, cohort: Int64s, uploads: Sequence[Upload], traffic: Traffic) -> _Intake:
    """Decode all uploads together or, if that fails, find out which can be decoded."""
    try:
        return _Intake(server, cohort, *decode(server, cohort, uploads, traffic))
    except PayloadError:
        good, dropped = [], Counter[str]()
    for i, upload in enumerate(uploads):
        try:
            decode(server, cohort[i : i + 1], [upload], Traffic())
        except PayloadError as error:
            traffic.add_dropped(upload)
            _drop(server, cohort[i], error, dropped)
        else:
            good.append(i)
    readable = decode(server, cohort[good], [uploads[i] for i in good], traffic)
    return _Intake(server, cohort[good], *readable, dropped)


def _moderate(values: Float32s, change: Float32s) -> bool:
    return all_within(values, LARGEST) and all_within(change[None], LARGEST)


def _drop(server: Server, client: np.int64, error: PayloadError, dropped: Counter[str]) -> None:
    """Count and log what is dropped; distrust is a judgement, all else is somebody's mistake."""
    dropped[error.reason] += 1
    _log.log(
        logging.INFO if error is _DISTRUSTED else logging.WARNING,
        "round %d: upload of client %016x dropped, %s: %s",
        server.broadcast.round,
        server.clients[client],
        error.reason,
        error,
    )

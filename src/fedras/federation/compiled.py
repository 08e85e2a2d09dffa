"""The default path in few calls of the core, none for each client.

Where all that a cohort does is built in, it is done in one call, and so is the reading of what it
sent, and the coding of the server's update. The bytes and numbers are those of the general path,
which does everything else: None says that it has to.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fedras.arrays import Int64s, UInt64s
from fedras.codecs.actions import Actions
from fedras.codecs.codec import Codec
from fedras.codecs.heard import sizes_by_part
from fedras.codecs.update import Joined, RowUpdate
from fedras.config import Config
from fedras.core import rounds
from fedras.federation.wire import Traffic, Upload
from fedras.methods import Method
from fedras.methods.fedras import FedRAS
from fedras.methods.method import Memory
from fedras.models import Cohort, Model
from fedras.models.mf import MF


class Served(NamedTuple):
    """What a cohort sends, and the seconds of training and coding, added up over the threads."""

    payloads: list[bytes]
    training: float
    coding: float


def serve(
    model: Model,
    method: Method,
    cohort: Cohort,
    config: Config,
    codecs: Sequence[Codec],
    draws: UInt64s,
    round_: int,
) -> Served | None:
    """Train each client of a cohort and code what it learnt.

    Parameters
    ----------
    model, method, cohort, config
        As for `Method.train`.
    codecs
        Of the uplink, by stream.
    draws
        uint64[C], each client's stream of random numbers for coding.
    round_
        The round that the payloads are of.

    Returns
    -------
    None, too, where training diverged: the general path says of whom.
    """
    general = config.dp_noise_multiplier or config.uplink_error_feedback or method.absolute_uplink
    actions = _actions(codecs)
    if general or not actions or type(method).train is not Method.train or type(model) is not MF:
        return None
    most = np.array([codec.limit for codec in actions], np.int64)
    found = rounds.serve_mf(
        cohort.vectors,
        cohort.replicas,
        cohort.span,
        cohort.stream,
        cohort.positives,
        cohort.bounds,
        cohort.keys,
        model.settings(cohort, config),
        model.decay_shares(np.diff(cohort.bounds), config),
        most[cohort.stream],
        actions[0].iterations,
        actions[0].numbers,
        round_,
        draws,
    )
    return found and Served(*found)


def absorb(
    uploads: Sequence[Upload],
    codecs: Sequence[Codec],
    stream: Int64s,
    shape: tuple[int, int],
    round_: int,
    room: int,
    traffic: Traffic,
) -> Joined | None:
    """Parse, check and decode the item updates of a cohort's uploads, and count their bytes.

    Parameters
    ----------
    uploads, stream
        Of each client, with the stream that it hears, int64[C].
    codecs
        Of the uplink, by stream.
    shape, round_
        Of the item matrix, and the round that is expected.
    room
        The most bytes that they may take together.
    traffic
        Counts them where they are read.

    Returns
    -------
    None, too, where anything is not as expected: the general path says what.
    """
    actions = _actions(codecs)
    if not actions:
        return None
    most = np.array([codec.limit for codec in actions], np.int64)[stream]
    data = [upload.items for upload in uploads]
    found = rounds.absorb(data, most, actions[0].numbers, *shape, round_, room)
    if found is None:
        return None
    rows, bounds, chosen, vectors, starts, sizes = found
    known = sizes.tolist()
    traffic.add_parts(sizes_by_part(known), known[-1])
    return Joined(rows, bounds, chosen, vectors, starts, shape[0])


def compress(
    method: Method, update: RowUpdate, budget: int, memory: Memory, key: np.uint64, round_: int
) -> tuple[bytes, Memory] | None:
    """Code the server's update as `FedRAS.compress` does.

    Parameters
    ----------
    method, update, budget, memory, key
        As for `Method.compress`.
    round_
        The round that the payload is of.
    """
    if not isinstance(method, FedRAS) or type(method).compress is not FedRAS.compress:
        return None
    if len(update.rows) <= budget or method.numbers not in rounds.FORMATS:
        return None
    values = np.ascontiguousarray(update.values)
    groups = method.groups(budget, len(values), memory)
    found = rounds.publish(
        update.rows,
        values,
        *groups,
        method.iterations,
        method.numbers,
        update.size,
        round_,
        key,
    )
    return found and (found[0], method.remembered(memory, found[1]))


def _actions(codecs: Sequence[Codec]) -> list[Actions]:
    """Return the codecs if the core knows them all, and they differ in their limits only."""
    actions = [codec for codec in codecs if type(codec) is Actions]
    kinds = {(codec.iterations, codec.numbers) for codec in actions}
    known = len(actions) == len(codecs) and len(kinds) == 1
    return actions if known and actions[0].numbers in rounds.FORMATS else []

"""Attacks: what hostile clients send instead of their uploads, as a wrapper of a transport."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from fedras.arrays import Bools, Float32s, Int64s, UInt64s
from fedras.codecs import Part, Payload
from fedras.codecs.codec import decode
from fedras.federation.round import Transport
from fedras.federation.server import Server
from fedras.federation.wire import Broadcast, Upload
from fedras.rng import Purpose, key

SHARE = 0.2
"""Of the clients are hostile."""
_FLOATS = (Part.ACTIONS, Part.VALUES)


@dataclass(frozen=True)
class Chance:
    """What a hostile client has to work with.

    Attributes
    ----------
    server
        Whose client it is.
    client
        Its position.
    upload
        What it would send if it were honest.
    draw
        Random numbers.
    """

    server: Server
    client: int
    upload: Upload
    draw: np.random.Generator


Attack = Callable[[Chance], Upload | None]


def hostile(clients: UInt64s) -> Bools:
    """Return bool[M], which clients are hostile: the same for every seed, by their hash."""
    chosen = np.zeros(len(clients), np.bool_)
    chosen[np.argsort(clients)[: round(SHARE * len(clients))]] = True
    return chosen


def attacked(server: Server, transport: Transport, attack: Attack) -> Transport:
    """Return ``transport`` with the hostile clients' uploads forged."""
    bad = hostile(server.clients)

    def forging(broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        uploads = list(transport(broadcast, cohort))
        for place in np.flatnonzero(bad[cohort]).tolist():
            upload = uploads[place]
            if upload is not None:
                draw = np.random.default_rng([server.config.seed, broadcast.round, place])
                uploads[place] = attack(Chance(server, int(cohort[place]), upload, draw))
        return uploads

    return forging


def garbage(chance: Chance) -> Upload:
    """Send as many random bytes."""
    return replace(chance.upload, items=chance.draw.bytes(len(chance.upload.items)))


def nan(chance: Chance) -> Upload:
    """Make all numbers of the payload, or their scales, NaN: no codec would write them."""
    payload = Payload.from_bytes(chance.upload.items, chance.server.items.shape)
    parts = {
        part: b"\xff" * len(data) if part in _FLOATS else data
        for part, data in payload.parts.items()
    }
    forged = Payload(payload.codec, payload.numbers, payload.shape, parts, payload.round)
    return replace(chance.upload, items=forged.to_bytes())


def recoded(change: Callable[[Float32s, np.random.Generator], NDArray[np.floating]]) -> Attack:
    """Return the attack that changes the decoded rows, float32[n, d], and codes them as agreed."""

    def attack(chance: Chance) -> Upload:
        server, round_ = chance.server, chance.server.broadcast.round
        update = decode(Payload.from_bytes(chance.upload.items, server.items.shape, round_))
        values = change(update.values, chance.draw).astype(np.float32)
        shared = key(server.config.seed, Purpose.SHARED, round_)
        codec = server.method.uplink(server.streams[server.stream_of[chance.client]].budget, shared)
        forged = codec.encode(update.with_values(values), np.uint64(chance.draw.integers(2**63)))
        return replace(chance.upload, items=forged.of_round(round_).to_bytes())

    return attack


ATTACKS: dict[str, Attack] = {
    "silent": lambda _: None,
    "sign-flipped": recoded(lambda values, _: -values),
    "sign-flipped, tenfold": recoded(lambda values, _: -10 * values),
    "random": recoded(lambda values, draw: draw.normal(size=values.shape)),
    "NaN": nan,
    "huge": recoded(lambda values, _: np.copysign(1e30, values)),
    "garbage": garbage,
}

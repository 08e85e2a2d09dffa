"""The updates of a cohort: in memory where they are small together, else decoded at each look.

A payload of few bytes may be an update as large as the item matrix. Whoever reads a cohort must not
need memory for a matrix per client, so large cohorts are read a few clients at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import compress
from typing import overload

import numpy as np

from fedras.arrays import Bools, Float32s, Int64s
from fedras.codecs import Codec, Payload, RowUpdate
from fedras.codecs.codec import decode_all
from fedras.codecs.packing import decoded_bytes
from fedras.errors import PayloadError
from fedras.federation.compiled import absorb
from fedras.federation.scoring import read_all as read_scoring
from fedras.federation.server import Server
from fedras.federation.wire import Traffic, Upload
from fedras.parallel import for_clients
from fedras.rng import Purpose, key

_ROOM = 32 << 20  # bytes; what cohorts of a small matrix take anyway

Read = Callable[[Int64s], list[RowUpdate]]
"""Returns the updates of some clients, int64[c]."""


def decode(
    server: Server, cohort: Int64s, uploads: Sequence[Upload], traffic: Traffic
) -> tuple[Sequence[RowUpdate], Float32s]:
    """Return the updates, and what the scoring models changed by, float32[C, P]; count them.

    Budgets and numbers of rows are checked before a float is read, and how much is in memory at
    once is bounded.

    Raises
    ------
    PayloadError
        For bytes that are not an upload of this round, or exceed the client's budget.
    """
    round_, shape = server.broadcast.round, server.items.shape
    shared = key(server.config.seed, Purpose.SHARED, round_)
    codecs = [server.method.uplink(stream.budget, shared) for stream in server.streams]
    changes = read_scoring([upload.scoring for upload in uploads], len(server.scoring), round_)
    room = max(_ROOM, server.items.nbytes)
    updates: Sequence[RowUpdate] | None = None
    if not server.method.absolute_uplink:
        stream = server.stream_of[cohort]
        updates = absorb(uploads, codecs, stream, shape, round_, room, traffic)
    if updates is None:
        updates = _decode_each(server, cohort, uploads, codecs, traffic)
    traffic.add_scoring(b"".join([upload.scoring for upload in uploads]))
    traffic.clients += len(uploads)
    return updates, changes


def _decode_each(
    server: Server,
    cohort: Int64s,
    uploads: Sequence[Upload],
    codecs: Sequence[Codec],
    traffic: Traffic,
) -> Sequence[RowUpdate]:
    items = [upload.items for upload in uploads]
    streams = server.stream_of[cohort].tolist()

    def parse(part: Int64s) -> list[Payload]:
        own = [items[i] for i in part.tolist()]
        theirs = [codecs[streams[i]] for i in part.tolist()]
        return parse_all(own, theirs, server.items.shape, server.broadcast.round)

    payloads = for_clients(parse, np.fromiter(map(len, items), np.int64, len(items)))

    def read(part: Int64s) -> list[RowUpdate]:
        return _read(server, cohort[part], [payloads[i] for i in part.tolist()])

    updates = read_all(read, decoded_bytes(payloads), server.items.nbytes)
    traffic.add_all(items, payloads)
    return updates


def _read(server: Server, clients: Int64s, payloads: list[Payload]) -> list[RowUpdate]:
    """Decode the item updates of some clients."""
    known = [server.streams[s].replica for s in server.stream_of[clients]]
    updates = decode_all(payloads, known)
    if server.method.absolute_uplink:
        updates = [
            update.with_values(update.values - replica[update.rows])
            for update, replica in zip(updates, known, strict=True)
        ]
    return updates


def parse_all(
    data: Sequence[bytes], codecs: Sequence[Codec], shape: tuple[int, int], round_: int
) -> list[Payload]:
    """Parse item updates of a round, each of the codec that its client may use.

    Raises
    ------
    PayloadError
        For bytes that are not an update of the round, or exceed the client's budget.
    """
    payloads = [Payload.from_bytes(each, shape, round_) for each in data]
    for codec, payload in zip(codecs, payloads, strict=True):
        if not codec.allows(payload):
            raise PayloadError(f"{payload.codec} payload is beyond the client's budget", "budget")
    return payloads


def read_all(read: Read, sizes: Int64s, matrix: int) -> Sequence[RowUpdate]:
    """Return the updates of all clients, all of which were read once.

    Parameters
    ----------
    read
        Reads some of them.
    sizes
        int64[C], the bytes that each takes.
    matrix
        The bytes of the item matrix: as many may be held at once, and never fewer than 32 MB.

    Raises
    ------
    PayloadError
        If `read` does.
    """
    room = max(_ROOM, matrix)
    if sizes.sum() <= room:
        return for_clients(read, sizes)
    updates = OnDemand(read, sizes, room)
    for _ in updates:
        pass
    return updates


class OnDemand(Sequence[RowUpdate]):
    """Updates that are decoded anew whenever somebody looks.

    Parameters
    ----------
    read, sizes
        As of `read_all`.
    room
        The bytes that may be held at once, one update at least.
    """

    def __init__(self, read: Read, sizes: Int64s, room: int) -> None:
        self._read, self._sizes, self._room = read, sizes, room

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[RowUpdate]:
        block = (np.cumsum(self._sizes) - self._sizes // 2) // self._room
        for part in np.split(np.arange(len(self)), np.flatnonzero(np.diff(block)) + 1):
            yield from self._together(part)

    @overload
    def __getitem__(self, c: int) -> RowUpdate: ...
    @overload
    def __getitem__(self, c: slice) -> "OnDemand": ...
    def __getitem__(self, c: int | slice) -> "RowUpdate | OnDemand":
        clients = np.arange(len(self))[c]
        if isinstance(c, slice):
            return self.of(clients)
        return self._read(np.array([clients]))[0]

    def of(self, clients: Int64s) -> "OnDemand":
        """Return those of some clients, int64[c]."""
        return OnDemand(lambda part: self._read(clients[part]), self._sizes[clients], self._room)

    def mapped(self, change: Callable[[RowUpdate], RowUpdate]) -> "OnDemand":
        """Return them with ``change`` done to each."""
        read = self._read
        return OnDemand(lambda part: [*map(change, read(part))], self._sizes, self._room)

    def _together(self, part: Int64s) -> list[RowUpdate]:
        return for_clients(lambda own: self._read(part[own]), self._sizes[part])


def chosen(updates: Sequence[RowUpdate], which: Bools) -> Sequence[RowUpdate]:
    """Return the updates of the clients that are marked in bool[C]."""
    if isinstance(updates, OnDemand):
        return updates.of(np.flatnonzero(which))
    return list(compress(updates, which))


def mapped(
    updates: Sequence[RowUpdate], change: Callable[[RowUpdate], RowUpdate]
) -> Sequence[RowUpdate]:
    """Return the updates with ``change`` done to each."""
    return updates.mapped(change) if isinstance(updates, OnDemand) else [*map(change, updates)]

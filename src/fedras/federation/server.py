"""The server's side: the item matrix, a stream of coded updates per budget, and the averages."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.config import Config
from fedras.federation import scoring
from fedras.federation.wire import Broadcast, Traffic, Upload
from fedras.kernels.aggregate import accumulate
from fedras.methods import Method
from fedras.methods.method import Memory
from fedras.rng import Purpose, key, keys

Floats = NDArray[np.float32]


@dataclass(eq=False)
class Stream:
    """The updates that all clients of one budget hear.

    Attributes
    ----------
    budget
        The clients' limit e_u in rows.
    listeners
        How many clients hear it.
    replica
        float32[N, d], what they hold when they have heard everything.
    memory
        What the method remembers from round to round.
    """

    budget: int
    listeners: int
    replica: Floats
    memory: Memory = field(default_factory=dict)


@dataclass(eq=False)
class Server:
    """The state of the server between rounds.

    Attributes
    ----------
    clients
        uint64[M], the identities of all clients.
    items
        float32[N, d], the item matrix Q.
    scoring
        float32[P], the scoring model theta.
    streams
        One per distinct budget, ascending.
    broadcast
        What the next round's clients receive; its round is the number of rounds done.
    """

    clients: NDArray[np.uint64]
    items: Floats
    scoring: Floats
    streams: list[Stream]
    broadcast: Broadcast

    def select(self, config: Config) -> NDArray[np.int64]:
        """Draw the cohort, int64[C]: the clients whose draws for this round are smallest (line 3).

        A client's draw depends on its identity only, so the order of the clients does not matter.
        """
        size = max(1, round(config.client_fraction * len(self.clients)))
        draws = keys(config.seed, Purpose.COHORT, self.broadcast.round, self.clients)
        first = np.argpartition(draws, size - 1)[:size]
        return first[np.argsort(draws[first])]

    def decode(self, uploads: list[Upload], traffic: Traffic) -> tuple[list[RowUpdate], Floats]:
        """Return the updates and the scoring models, float32[C, P], of the uploads; count them.

        Raises
        ------
        PayloadError
            For bytes that are not an upload of this round.
        """
        round_ = self.broadcast.round
        updates, models = [], []
        for upload in uploads:
            payload = Payload.from_bytes(upload.items, self.items.shape, round_)
            updates.append(decode(payload))
            models.append(scoring.read(upload.scoring, len(self.scoring), round_))
            traffic.add(upload.items, payload)
            traffic.add_scoring(upload.scoring)
        traffic.clients += len(uploads)
        return updates, np.stack(models)

    def average(self, updates: list[RowUpdate], method: Method) -> RowUpdate:
        """Average each item over the clients that trained it (section 4.4); drop what is zero."""
        total = np.zeros(self.items.shape, np.float64)
        count = np.zeros(len(self.items), np.int64)
        for update in updates:
            accumulate(total, count, update.rows, update.values)
        rows = np.flatnonzero(count)
        mean = method.average(total[rows], count[rows], len(updates)).astype(np.float32)
        moved = mean.any(axis=1)
        return RowUpdate(rows[moved].astype(np.int32), mean[moved], len(self.items))

    def publish(
        self, delta: RowUpdate, method: Method, config: Config, traffic: Traffic
    ) -> list[RowUpdate]:
        """Code ``delta`` for each stream: what clients receive next (line 11).

        Returns what each stream's clients will read from it.
        """
        done = self.broadcast.round + 1
        items, heard = [], []
        for stream in self.streams:
            draw = key(config.seed, Purpose.DOWNLINK, done, stream.budget)
            payload, stream.memory = method.compress(delta, stream.budget, stream.memory, draw)
            data = payload.of_round(done).to_bytes()
            parsed = Payload.from_bytes(data, self.items.shape, done)
            update = decode(parsed)
            update.add_to(stream.replica)
            traffic.add(data, parsed, stream.listeners)
            items.append(data)
            heard.append(update)
        self.broadcast = Broadcast(done, tuple(items), scoring.write(self.scoring, done))
        traffic.add_scoring(self.broadcast.scoring, len(self.clients))
        traffic.clients += len(self.clients)
        return heard

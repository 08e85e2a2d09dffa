"""The server's side: the item matrix, a stream of coded updates per budget, and the averages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from fedras.aggregation import Aggregation
from fedras.arrays import Arrays, Float32s, Float64s, Int64s, UInt64s
from fedras.codecs import RowUpdate
from fedras.codecs.heard import hear
from fedras.config import Config
from fedras.core.updates import means
from fedras.federation import compiled, scoring
from fedras.federation.budgets import client_budgets
from fedras.federation.schedule import Schedule, first_schedule
from fedras.federation.state import State
from fedras.federation.stream import Stream, require_log
from fedras.federation.summing import rows_of_one
from fedras.federation.wire import Broadcast, Traffic
from fedras.methods import Method
from fedras.models import Model
from fedras.rng import Purpose, key, keys


@dataclass(eq=False)
class Server:
    """The state of the server between rounds.

    Attributes
    ----------
    config, model, method, aggregation
        What is run.
    clients
        uint64[M], the identities of all clients.
    stream_of
        int64[M], the stream that each hears.
    items
        float32[N, d], the item matrix Q.
    scoring
        float32[P], the scoring model theta, as the clients hold it.
    scoring_lost
        float32[P], what coding has kept from the clients so far; the next change holds it.
    streams
        One per distinct budget, ascending.
    broadcast
        What the next round's clients receive; its round is the number of rounds done.
    heard
        int64[M], the version of its replica that each client had when it last took part.
    scoring_log
        Bytes of all changes of the scoring model up to each version.
    trust
        float64[M], how far each client agreed with the others (`reputation`).
    schedule
        What validation has decided so far.
    node
        int64[M], the node of each client, where nodes add up what their users learn (`summing`).
    """

    config: Config
    model: Model
    method: Method
    aggregation: Aggregation
    clients: UInt64s
    stream_of: Int64s
    items: Float32s
    scoring: Float32s
    streams: list[Stream]
    scoring_lost: Float32s = field(init=False)
    broadcast: Broadcast = field(default_factory=lambda: Broadcast(0, (), b""))
    heard: Int64s = field(init=False)
    scoring_log: list[int] = field(default_factory=lambda: [0])
    trust: Float64s = field(init=False)
    schedule: Schedule = field(init=False)
    node: Int64s | None = None

    def __post_init__(self) -> None:
        self.scoring_lost = np.zeros_like(self.scoring)
        self.heard = np.zeros(len(self.clients), np.int64)
        self.trust = np.zeros(len(self.clients), np.float64)
        self.schedule = first_schedule(self.config)

    @property
    def progress(self) -> int:
        """The number of rounds done, those that were left out included."""
        return self.broadcast.round + self.schedule.skipped

    def add_clients(self, clients: UInt64s, rates: Float64s) -> None:
        """Add clients, uint64[n], with their compression rates, float64[n].

        A budget that nobody had starts as a copy of the stream of the nearest one: whoever hears it
        is sent a snapshot first.
        """
        n_items, dim = self.items.shape
        budgets, which = client_budgets(rates, self.method, n_items, dim)
        hears = np.array([self._stream(budget) for budget in budgets.tolist()])[which]
        for s in hears.tolist():
            self.streams[s].listeners += 1
        self.clients = np.concatenate((self.clients, clients))
        self.stream_of = np.concatenate((self.stream_of, hears))
        self.heard = np.concatenate((self.heard, np.zeros(len(clients), np.int64)))
        self.trust = np.concatenate((self.trust, np.zeros(len(clients))))

    def _stream(self, budget: int) -> int:
        """Return the number of the stream of a budget, which is made if there is none."""
        for s, stream in enumerate(self.streams):
            if stream.budget == budget:
                return s
        nearest = min(self.streams, key=lambda stream: abs(stream.budget - budget))
        self.streams.append(nearest.fork(budget))
        return len(self.streams) - 1

    def state(self) -> State:
        """Return all that changes from round to round, or when clients are added."""
        arrays: Arrays = {
            "clients": self.clients,
            "stream_of": self.stream_of,
            "items": self.items,
            "replicas": np.stack([stream.replica for stream in self.streams]),
            "scoring": self.scoring,
            "scoring_lost": self.scoring_lost,
            "heard": self.heard,
            "trust": self.trust,
            **self.broadcast.arrays(),
        }
        streams = [stream.values() for stream in self.streams]
        values = {"round": self.broadcast.round, "scoring_log": self.scoring_log}
        return State(arrays, values | {"streams": streams, "schedule": self.schedule.values()})

    def restore(self, state: State) -> None:
        """Return to what `state` gave; it may be that of a server with more clients.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """
        values, round_ = state.values, int(state.values["round"])
        streams, clients = values["streams"], state.column("clients", np.uint64)
        if not 0 <= round_ <= self.config.rounds:
            raise ValueError(f"its round is {round_} of {self.config.rounds}")
        require_log(values["scoring_log"], round_)
        replicas = state.array("replicas", np.float32, (len(streams), *self.items.shape))
        pairs, count, size = zip(replicas, streams, strict=True), len(clients), self.scoring.shape
        restored = {
            "clients": clients,
            "stream_of": state.places("stream_of", count, len(streams)),
            "heard": state.places("heard", count, round_ + 1),
            "trust": state.array("trust", np.float64, (count,)),
            "items": state.array("items", np.float32, self.items.shape),
            "scoring": state.array("scoring", np.float32, size),
            "scoring_lost": state.array("scoring_lost", np.float32, size),
            "scoring_log": values["scoring_log"],
            "streams": [Stream.restored(*pair, round_) for pair in pairs],
            "broadcast": Broadcast.restored(state, round_, len(streams)),
            "schedule": Schedule.restored(state, self.config, round_),
        }
        vars(self).update(restored)

    @property
    def cohort_size(self) -> int:
        """The number of clients that are selected in a round."""
        return max(1, round(self.config.client_fraction * len(self.clients)))

    def select(self) -> Int64s:
        """Draw the cohort, int64[C]: the clients whose draws for this round are smallest (line 3).

        A client's draw depends on its identity only, so the order of the clients does not matter.
        """
        size = self.cohort_size
        draws = keys(self.config.seed, Purpose.COHORT, self.broadcast.round, self.clients)
        first = np.argpartition(draws, size - 1)[:size]
        return first[np.argsort(draws[first])]

    def average(self, updates: Sequence[RowUpdate]) -> RowUpdate:
        """Average each item over the clients that trained it (section 4.4); drop what is zero.

        That is taken ``server_rate`` times. With error feedback rows shrink here, as by the mean
        client.
        """
        rows, total, count = self.aggregation.sums(updates, self.items.shape)
        shrink = None
        if self.config.error_feedback:
            rate = self.model.rate_at(self.progress, self.config.rounds)
            touched = int(count.sum()) // max(1, len(updates))
            if self.node is not None and updates:
                users = self.cohort_size / len(updates)
                touched = rows_of_one(touched, len(self.items), users)
            shrink = rate * self.model.shrinking(touched, self.config)
        if type(self.method).average is not Method.average:
            averages = self.method.average(total, count, len(updates))
            total, count = np.ascontiguousarray(averages, np.float64), np.ones_like(count)
        if self.config.server_rate != 1:
            total *= self.config.server_rate
        return RowUpdate(*means(rows, total, count, self.items, shrink), len(self.items))

    def average_scoring(self, changes: Float32s) -> Float32s:
        """Average the changes of the scoring model, float32[C, P]; of none it is zero."""
        if not changes.size:
            return np.zeros_like(self.scoring)
        return (self.config.server_rate * self.aggregation.centre(changes)).astype(np.float32)

    @property
    def speaks(self) -> bool:
        """Whether clients are sent an update of this round: in each ``every``-th, and the last."""
        done, last = self.broadcast.round + 1, self.progress + 1 >= self.config.rounds
        return last or done % self.config.every == 0

    def publish(
        self, delta: RowUpdate, change: Float32s, traffic: Traffic
    ) -> list[tuple[RowUpdate, RowUpdate]]:
        """Code what clients receive next (line 11).

        Parameters
        ----------
        delta
            Of the item matrix; coded for each stream.
        change
            float32[P], of the scoring model.
        traffic
            Counts what is sent.

        Returns
        -------
        By stream, what was to be said of the item matrix and what its clients will read. Nothing
        where the server keeps silent: what clients lack then waits for the next update.
        """
        done = self.broadcast.round + 1
        traffic.clients += len(self.clients)
        if not self.speaks:
            return self._keep_silent(change, done)
        shared = key(self.config.seed, Purpose.SHARED, done - 1)
        items, said = [], []
        for stream in self.streams:
            wanted = self._wanted(delta, stream)
            draw = key(self.config.seed, Purpose.DOWNLINK, done, stream.budget)
            budget = stream.budget * (self.config.every if self.method.saves_up else 1)
            given = wanted, budget, stream.memory
            coded = compiled.compress(self.method, *given, draw, done)
            if coded is None:
                payload, memory = self.method.compress_beside(stream.replica, *given, shared, draw)
                coded = payload.of_round(done).to_bytes(), memory
            data, stream.memory = coded
            update, sizes = hear(data, stream.replica, done)
            self.method.apply(update, stream.replica)
            stream.log.append(stream.log[-1] + len(data))
            traffic.add_parts(sizes, len(data) - sum(sizes.values()), stream.listeners)
            items.append(data)
            said.append((wanted, update))
        self.broadcast = Broadcast(done, tuple(items), self._publish_scoring(change, done))
        traffic.add_scoring(self.broadcast.scoring, len(self.clients))
        return said

    def _keep_silent(self, change: Float32s, done: int) -> list[tuple[RowUpdate, RowUpdate]]:
        self.scoring_lost = self.scoring_lost + change
        self.broadcast = Broadcast(done, (b"",) * len(self.streams), b"")
        for log in (self.scoring_log, *(stream.log for stream in self.streams)):
            log.append(log[-1])
        return []

    def _publish_scoring(self, change: Float32s, done: int) -> bytes:
        """Code the scoring model's change and what was lost of earlier ones; do as clients will.

        Server and clients add up the same decoded changes, so they agree bit for bit; in ``f32``
        nothing is ever lost.
        """
        wanted = self.scoring_lost + change
        draw = key(self.config.seed, Purpose.SCORING_DOWNLINK, done)
        data = scoring.write(wanted, self.config.scoring_numbers, done, draw)
        heard = scoring.read(data, len(wanted), done)
        self.scoring, self.scoring_lost = self.scoring + heard, wanted - heard
        self.scoring_log.append(self.scoring_log[-1] + len(data))
        return data

    def _wanted(self, delta: RowUpdate, stream: Stream) -> RowUpdate:
        """Return what a stream's clients should hear: the delta, or all that they lack."""
        if self.method.absolute:
            everything = np.arange(len(self.items), dtype=np.int32)
            return RowUpdate(everything, self.items, len(self.items))
        if self.config.error_feedback:
            return RowUpdate.between(stream.replica, self.items)
        return delta

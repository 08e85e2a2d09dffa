"""The federation of nodes: Algorithm 1's rounds and evaluations, by what nodes answer."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from msgspec import structs

from fedras.arrays import Float64s, Int64s, UInt64s
from fedras.config import Config
from fedras.errors import FedrasError
from fedras.evaluation import metrics
from fedras.federation.catchup import snapshot
from fedras.federation.federation import Quality
from fedras.federation.round import RoundResult, run_round
from fedras.federation.schedule import choices, unseen
from fedras.federation.server import Server
from fedras.federation.state import State
from fedras.federation.wire import Broadcast, Upload
from fedras.models.context import Context
from fedras.nodes.messages import HISTOGRAMS, Done, Work
from fedras.nodes.server.exchange import Exchange, Volume
from fedras.nodes.server.history import History
from fedras.nodes.server.roster import Member
from fedras.nodes.server.work import work_for

log = logging.getLogger("fedras.federation")

Rates = Callable[[UInt64s], Float64s]
"""Returns the compression rates, float64[n], of clients, uint64[n]."""


@dataclass(eq=False)
class Coordinator:
    """Runs rounds with nodes. Make one, `gather` nodes, then `step`.

    Attributes
    ----------
    given, config
        The options, complete, and as the method trains with them.
    exchange
        What asks nodes.
    make
        Makes Algorithm 1's server of some clients.
    rates
        The compression rates of clients.
    server
        Algorithm 1's server; it has no clients before `gather`.
    history
        What it sent.
    by_stream
        None: nodes answer with the sum over their users.
    """

    given: Config
    config: Config
    exchange: Exchange
    make: Callable[[UInt64s], Server]
    rates: Rates
    server: Server = field(init=False)
    history: History = field(init=False)
    by_stream: Int64s | None = None

    def __post_init__(self) -> None:
        self._begin(np.zeros(0, np.uint64))

    def _begin(self, clients: UInt64s) -> None:
        self.server = self.make(clients)
        self.history = History(len(self.server.streams))

    @property
    def begun(self) -> bool:
        """Whether there are clients."""
        return len(self.server.clients) > 0

    @property
    def fingerprint(self) -> str:
        """The digest of the item catalogue: the rest of the data is the nodes' own."""
        return self.exchange.welcome.catalogue.hex()

    @property
    def remote(self) -> bool:
        """Whether clients are out of this process; they are."""
        return True

    def gather(self, nodes: int) -> None:
        """Wait until so many nodes have joined, and all that are connected have answered.

        Raises
        ------
        FedrasError
            If they do not come in time, or have no users.
        """
        self.exchange.gather(nodes, self.begun)
        if self.begun:
            self._add_clients()
            return
        owners = self.exchange.membership.roster.owners
        if not owners:
            raise FedrasError("the nodes that joined have no users")
        self._begin(np.array(sorted(owners), np.uint64))

    def step(self) -> RoundResult:
        """Run a round with the nodes that answer in time."""
        self.exchange.invite()
        result = run_round(self.server, self._transport)
        self.history.add(self.server)
        return result

    def validate(self) -> dict[str, float] | None:
        """Let all nodes rank what `Config.monitor` names; see `Federation`."""
        server, contexts = self.server, choices(self.config)
        if not unseen(self.config, server.progress):
            return None
        counts = self._ranked(1, b"", contexts)
        return server.schedule.decide(self.config, server.broadcast.round, counts)

    def evaluate(self) -> Quality:
        """Let all nodes rank their test items, also among all items and by the server's matrix."""
        counts = self._ranked(2, snapshot(self.server.items, self.server.broadcast.round), ())
        found = [metrics.of_counts(each, self.config.at) for each in counts]
        return Quality(int(counts[0].sum()), *found)

    def _ranked(self, level: int, matrix: bytes, contexts: Sequence[Context]) -> Int64s:
        """Return the sums of all nodes' histograms, int64[histograms, bins] (`Work.evaluate`)."""
        asked = {
            member: self._work(member, member.clients, level, matrix, contexts)
            for member in self.exchange.awake()
            if len(member.clients)
        }
        answers = self._ask(asked)
        shape = len(answers), len(contexts) or HISTOGRAMS, metrics.bins(self.config.at)
        counts = np.array([done.counts for done in answers.values()], np.int64)
        return np.asarray(counts.reshape(shape).sum(axis=0), np.int64)

    def _transport(self, _: Broadcast, cohort: Int64s) -> list[Upload | None]:
        """Bring a round's work to the nodes of the cohort, int64[C], and their uploads back."""
        self.exchange.await_anybody()
        self._add_clients()
        clients = self.server.clients[cohort]
        if self.config.summing_nodes:
            self.server.node = self.exchange.membership.roster.nodes_of(self.server.clients)
        asked, places = {}, {}
        for member in self.exchange.awake():
            own = np.flatnonzero(np.isin(clients, member.clients))
            if len(own):
                places[member] = own.tolist()
                asked[member] = self._work(member, clients[own])
        uploads: list[Upload | None] = [None] * len(cohort)
        for member, done in self._ask(asked).items():
            for place, (items, scoring) in zip(places[member], done.uploads, strict=True):
                uploads[place] = Upload(items, scoring) if items else None
                if items and self.config.summing_nodes:
                    break
        return uploads

    def _work(
        self,
        member: Member,
        clients: UInt64s,
        evaluate: int = 0,
        matrix: bytes = b"",
        contexts: Sequence[Context] = (),
    ) -> Work:
        run, bins = self.exchange.welcome.run, metrics.bins(self.config.at)
        asked = evaluate, matrix, bins, contexts
        return work_for(member, self.server, self.history, run, clients, *asked)

    def _ask(self, asked: dict[Member, Work]) -> dict[Member, Done]:
        patience = self.exchange.patience
        first = self.server.broadcast.round == 0  # nodes may have to compile
        answers = self.exchange.ask(asked, patience.start if first else patience.reply)
        self._add_clients()
        return answers

    def _add_clients(self) -> None:
        """Add the clients that nodes have enrolled since the run began."""
        owners = self.exchange.membership.roster.owners
        if len(owners) > len(self.server.clients):
            fresh = np.setdiff1d(np.array(list(owners), np.uint64), self.server.clients)
            self.server.add_clients(fresh, self.rates(fresh))
            self.history.follow(self.server)
            log.info("%d new clients", len(fresh))

    def compared(self) -> dict[str, Any] | None:
        """Return None: nobody has the data of all nodes."""
        return None

    def state(self) -> State:
        """Return the state of the server, what it sent and to whom."""
        exchange, (record, history) = self.exchange, self.history.state()
        server, membership = self.server.state(), exchange.membership.state()
        values = {
            "history": history,
            "membership": membership.values,
            "run": exchange.welcome.run.hex(),
            "messages": [asdict(exchange.sent), asdict(exchange.received)],
        }
        return State(server.arrays | record | membership.arrays, server.values | values)

    def restore(self, state: State) -> None:
        """Return to what `state` gave; no node is connected.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """
        values, exchange = state.values, self.exchange
        server = self.make(state.column("clients", np.uint64))
        server.restore(state)
        history = History.restored(state.arrays, values["history"])
        membership = exchange.membership.restored(State(state.arrays, values["membership"]))
        if not np.isin(server.clients, list(membership.roster.owners)).all():
            raise ValueError("its clients are of no node")
        sent, received = (Volume(**each) for each in values["messages"])
        welcome = structs.replace(exchange.welcome, run=bytes.fromhex(values["run"]))
        self.server, self.history = server, history
        exchange.membership, exchange.welcome = membership, welcome
        exchange.sent, exchange.received = sent, received

    def described(self) -> dict[str, Any]:
        """Return how many clients and items there are, and what became of the nodes."""
        membership = self.exchange.membership
        return {
            "dataset": self.given.dataset,
            "users": len(self.server.clients),
            "items": self.exchange.welcome.items,
            "federation": {
                "nodes": len(membership.roster.members),
                "messages_sent": asdict(self.exchange.sent),
                "messages_received": asdict(self.exchange.received),
                "left_out": dict(membership.left_out),
                "refused": dict(sorted(membership.refused.items())),
            },
        }

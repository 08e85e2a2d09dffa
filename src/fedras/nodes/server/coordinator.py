"""The server's side of nodes: Algorithm 1 over a link that may lose, delay and repeat."""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from msgspec import structs

from fedras.arrays import Float64s, Int64s, UInt64s
from fedras.config import Config
from fedras.errors import FedrasError, PayloadError
from fedras.evaluation import metrics
from fedras.federation.catchup import snapshot
from fedras.federation.federation import Quality
from fedras.federation.round import RoundResult, run_round
from fedras.federation.server import Server
from fedras.federation.state import State
from fedras.federation.wire import Broadcast, Upload
from fedras.nodes.link import Link, Messages, Patience
from fedras.nodes.messages import (
    Done,
    Join,
    Joined,
    Refused,
    Reply,
    digest,
    parse_reply,
    to_bytes,
    unpack_clients,
)
from fedras.nodes.node.memory import NO_TAG
from fedras.nodes.node.node import clients_digest
from fedras.nodes.server.history import History
from fedras.nodes.server.roster import Member, Roster, name
from fedras.nodes.server.work import budgets_of, work_for

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
    run
        The token of the run.
    welcome
        What every node is told first.
    sent, received
        Messages, as they were handed to the link.
    dropped
        How often each node was left out.
    server
        Algorithm 1's server, from `gather` on; made by ``make``.
    """

    given: Config
    config: Config
    link: Link
    run: bytes
    welcome: Join
    make: Callable[[UInt64s], Server]
    rates: Rates
    patience: Patience
    roster: Roster = field(default_factory=Roster)
    sent: Messages = field(default_factory=Messages)
    received: Messages = field(default_factory=Messages)
    server: Server = field(init=False)
    history: History = field(init=False)
    dropped: dict[str, int] = field(default_factory=dict)
    _invited: dict[int, float] = field(default_factory=dict)

    def gather(self, nodes: int) -> None:
        """Wait until so many nodes have joined, and all that are connected; then make the server.

        Raises
        ------
        FedrasError
            If they do not come in time.
        """
        give_up = self.link.now() + self.patience.start
        while not self._complete(nodes):
            if self.link.now() > give_up:
                here = len(self.roster.awake(self.link.nodes()))
                if here and self.begun:
                    break  # a run that goes on does so with those who are there
                raise FedrasError(
                    f"{here} of {nodes} nodes joined in {self.patience.start:.0f} s; see their logs"
                )
            self._invite()
            self._listen({})
            self.link.wait()
        if not self.begun:
            clients = np.array(sorted(self.roster.owners), np.uint64)
            self.server = self.make(clients)
            self.history = History(len(self.server.streams))

    def step(self) -> RoundResult:
        """Run a round with the nodes that answer in time."""
        self._invite()
        result = run_round(self.server, self._transport)
        self.history.add(self.server)
        return result

    def evaluate(self, final: bool = False) -> Quality:
        """Let all nodes rank; in the end also among all items and by the server's matrix."""
        server, version = self.server, self.server.broadcast.round
        matrix = snapshot(server.items, version) if final else b""
        ready = self.roster.awake(self.link.nodes())
        asked = {m.node: self._work(m, evaluate=1 + final, matrix=matrix) for m in ready}
        size = 33 if final else 11
        answers = self._exchange(asked).values()
        counts = np.array([done.counts for done in answers if len(done.counts) == size], np.int64)
        sums = counts.reshape(len(counts), size // 11, 11).sum(axis=0)
        found = [metrics.of_counts(each) for each in sums]
        users = int(sums[0].sum())
        return Quality(users, found[0], *(found[1:] if final else (None, None)))

    def state(self) -> State:
        """Return the state of the server, and all that nodes must find again."""
        server, (record, history) = self.server.state(), self.history.state()
        values = {
            "history": history,
            "members": self.roster.state(),
            "run": self.run.hex(),
            "messages": [asdict(self.sent), asdict(self.received)],
            "left_out": self.dropped,
        }
        return State(server.arrays | record, server.values | values)

    def restore(self, state: State) -> None:
        """Return to what `state` gave; no node is connected.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else; nothing has changed then.
        """
        server = self.make(state.column("clients", np.uint64))
        server.restore(state)
        history = History.restored(state.arrays, state.values["history"])
        roster = Roster.restored(state.values["members"])
        sent, received = (Messages(**each) for each in state.values["messages"])
        run, dropped = bytes.fromhex(state.values["run"]), dict(state.values["left_out"])
        self.server, self.history, self.roster = server, history, roster
        self.sent, self.received, self.dropped = sent, received, dropped
        self.run, self.welcome = run, structs.replace(self.welcome, run=run)

    def described(self) -> dict[str, Any]:
        """Return how many clients and items there are, and what became of the nodes."""
        return {
            "dataset": self.given.dataset,
            "users": len(self.server.clients) if self.begun else 0,
            "items": self.welcome.items,
            "federation": {
                "nodes": len(self.roster.members),
                "messages_sent": asdict(self.sent),
                "messages_received": asdict(self.received),
                "left_out": self.dropped,
            },
        }

    @property
    def fingerprint(self) -> str:
        """The digest of the item catalogue: the rest of the data is the nodes' own."""
        return self.welcome.catalogue.hex()

    @property
    def remote(self) -> bool:
        """Whether clients are out of this process; they are."""
        return True

    @property
    def begun(self) -> bool:
        """Whether there is a server yet."""
        return hasattr(self, "server")

    def _complete(self, nodes: int) -> bool:
        connected = self.link.nodes()
        ready = {member.address for member in self.roster.awake(connected)}
        return len(ready) >= max(nodes, 1) and ready == connected

    def _transport(self, broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        identities = self.server.clients[cohort].tolist()
        self._await_anybody()
        asked, places = {}, {}
        for member in self.roster.awake(self.link.nodes()):
            mine = [
                i for i, who in enumerate(identities) if self.roster.owners.get(who) == member.node
            ]
            if mine:
                places[member.node] = mine
                asked[member.node] = self._work(member, cohort=cohort[mine])
        uploads: list[Upload | None] = [None] * len(cohort)
        for node, done in self._exchange(asked).items():
            if len(done.uploads) != len(places[node]):
                self._drop(node, "another number of uploads")
                continue
            for place, (items, theta) in zip(places[node], done.uploads, strict=True):
                uploads[place] = Upload(items, theta) if items else None
        return uploads

    def _await_anybody(self) -> None:
        give_up = self.link.now() + self.patience.alone
        while not self.roster.awake(self.link.nodes()):
            if self.link.now() > give_up:
                raise FedrasError(
                    f"no node answered for {self.patience.alone:.0f} s; the run can be resumed"
                )
            self._invite()
            self._listen({})
            self.link.wait()

    def _work(self, member: Member, **wanted: Any) -> bytes:
        return to_bytes(work_for(member, self.server, self.history, self.run, **wanted))

    def _exchange(self, asked: dict[bytes, bytes]) -> dict[bytes, Done]:
        """Send each node its message; return the answers that come in time."""
        members = self.roster.members
        waiting = {node: digest(data) for node, data in asked.items()}
        answers: dict[bytes, Done] = {}
        tried: set[bytes] = set()
        self._send({address: asked[node] for node in asked if (address := members[node].address)})
        # In the first round nodes may have to compile.
        first = self.server.broadcast.round == 0
        give_up = self.link.now() + (self.patience.start if first else self.patience.reply)
        while len(answers) < len(asked) and self.link.now() < give_up:
            heard, failed = self._listen(waiting)
            answers |= heard
            for node in failed & asked.keys():
                address = members[node].address
                if node in tried or address is None:
                    self._drop(node, "it failed twice; see its log")
                else:
                    tried.add(node)
                    self._send({address: asked[node]})
            if all(node in answers or not members[node].awake for node in asked):
                break
            self.link.wait()
        for node in asked.keys() - answers.keys():
            if members[node].awake:
                self._drop(node, "no answer in time")
        return answers

    def _send(self, messages: dict[int, bytes]) -> None:
        for data in messages.values():
            self.sent.add(data)
        if messages:
            self.link.send(messages, max(self.patience.reply, self.patience.start))

    def _invite(self) -> None:
        """Ask nodes to join that are new, or did not answer last time; do not wait for them."""
        connected, now = self.link.nodes(), self.link.now()
        known = {m.address for m in self.roster.awake(connected) if not m.changed}
        quiet = {a for a in connected - known if self._invited.get(a, -np.inf) <= now}
        self._invited.update(dict.fromkeys(quiet, now + self.patience.reply))
        self._send(dict.fromkeys(quiet, to_bytes(self.welcome)))

    def _listen(self, waiting: dict[bytes, bytes]) -> tuple[dict[bytes, Done], set[bytes]]:
        """Take in what has come.

        Returns
        -------
        The answers to messages with the digests ``waiting``, by node, and the nodes that failed.
        """
        answers: dict[bytes, Done] = {}
        failed: set[bytes] = set()
        for address, data in self.link.receive():
            if data is None:
                failed |= {m.node for m in (self.roster.at(address),) if m is not None}
                continue
            self.received.add(data)
            try:
                reply = parse_reply(data)
                if reply.run != self.run:
                    raise PayloadError("a message of another run")
                self._hear(address, reply, waiting, answers)
            except PayloadError as error:
                self._lost(address, str(error))
        return answers, failed

    def _hear(
        self, address: int, reply: Reply, waiting: dict[bytes, bytes], answers: dict[bytes, Done]
    ) -> None:
        if isinstance(reply, Joined):
            self._enter(address, reply)
            return
        member = self.roster.at(address)
        if member is None:
            return
        if isinstance(reply, Refused):
            self._note(member, reply.version, reply.tag, reply.budgets)
            self._invited.pop(address, None)
            self._drop(member.node, reply.reason)
        elif reply.asked == waiting.get(member.node):  # others are late, or were here before
            sent = budgets_of(member, self.server)
            self._note(member, reply.version, reply.tag, sent)
            member.changed |= reply.clients != clients_digest(member.named)
            answers[member.node] = reply

    def _note(self, member: Member, version: int, tag: bytes, budgets: tuple[int, ...]) -> None:
        """Note what a node holds; what the server never sent counts as nothing."""
        if not (self.begun and self.history.knows(version, tag)):
            version, tag, budgets = 0, NO_TAG, ()
        member.version, member.tag, member.budgets = version, tag, budgets

    def _enter(self, address: int, reply: Joined) -> None:
        clients = unpack_clients(reply.clients)
        member, taken = self.roster.enter(reply.node, clients, address, self.link.nodes())
        self._invited.pop(address, None)
        if taken:
            log.warning("node %s: %d clients belong to another node", name(reply.node), taken)
        if self.begun:
            self._note(member, reply.version, reply.tag, reply.budgets)
            fresh = np.setdiff1d(member.named, self.server.clients)
            if len(fresh):
                self.server.add_clients(fresh, self.rates(fresh))
                self.history.follow(self.server)
                log.info("%d new clients", len(fresh))

    def _lost(self, address: int, reason: str) -> None:
        member = self.roster.at(address)
        if member is not None:
            self._drop(member.node, reason)

    def _drop(self, node: bytes, reason: str) -> None:
        """Leave a node out until it joins again."""
        log.warning("node %s is left out: %s", name(node), reason)
        self.roster.members[node].awake = False
        self.dropped[name(node)] = self.dropped.get(name(node), 0) + 1

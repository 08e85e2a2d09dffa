"""Messages to nodes and their answers, over a link that may lose, delay and repeat."""

from dataclasses import dataclass, field

from fedras.errors import FedrasError, PayloadError
from fedras.nodes.link import Link
from fedras.nodes.messages import (
    Done,
    Join,
    Joined,
    Refused,
    Reply,
    Work,
    clients_digest,
    digest,
    parse_reply,
    to_bytes,
)
from fedras.nodes.server.admission import RAISE
from fedras.nodes.server.membership import Membership
from fedras.nodes.server.roster import Member
from fedras.nodes.server.work import numbers, require_answer

_ROOM, _ROOM_PER_UPLOAD, _NUMBER = 1 << 13, 1 << 14, 9
"""Bytes of an answer beside users and numbers; of an upload, beside its numbers; of a count."""


@dataclass(frozen=True)
class Patience:
    """How long the server waits, in seconds.

    Attributes
    ----------
    reply
        For a node's answer; then the round goes on without it.
    start
        For the nodes that must be there before the first round.
    alone
        For any node at all, when all are gone.
    """

    reply: float = 120.0
    start: float = 300.0
    alone: float = 600.0


@dataclass
class Volume:
    """Messages of one direction, and bytes as they were handed to the transport."""

    count: int = 0
    size: int = 0

    def add(self, data: bytes) -> None:
        """Count a message."""
        self.count += 1
        self.size += len(data)


@dataclass(frozen=True)
class _Question:
    """Work as it was sent to a node."""

    work: Work
    data: bytes
    digest: bytes


@dataclass(eq=False)
class Exchange:
    """Asks nodes and takes their answers.

    Attributes
    ----------
    link
        To the nodes.
    welcome
        What every node is sent first.
    patience
        How long to wait.
    upload_size
        The most bytes that the numbers of a client's upload may take.
    held_out
        The most items that can be held out of a client's data.
    membership
        Who takes part.
    sent, received
        Messages, as they were handed to the link.
    """

    link: Link
    welcome: Join
    patience: Patience
    upload_size: int
    held_out: int
    membership: Membership
    sent: Volume = field(default_factory=Volume)
    received: Volume = field(default_factory=Volume)
    _longest: dict[int, int] = field(default_factory=dict)

    def awake(self) -> list[Member]:
        """Return the members that are connected and answered last time."""
        return self.membership.roster.awake(self.link.nodes())

    def invite(self) -> None:
        """Ask nodes to join that are new or were left out; do not wait for them."""
        now, patience = self.link.now(), self.patience
        invited = self.membership.invite(self.link.nodes(), now, patience.reply)
        self._expect({address: _ROOM + 8 * terms.users for address, terms in invited.items()})
        self._send(dict.fromkeys(invited, to_bytes(self.welcome)))

    def gather(self, nodes: int, begun: bool) -> None:
        """Wait until so many nodes have joined, and all that are connected have answered.

        A run that has begun goes on with fewer, when `Patience.start` is over.

        Raises
        ------
        FedrasError
            If they do not come in time.
        """
        give_up = self.link.now() + self.patience.start
        while not self.membership.settled(nodes, self.link.nodes()):
            if self.link.now() > give_up:
                here = len(self.awake())
                if here and (begun or here >= nodes):
                    break
                raise FedrasError(
                    f"{here} of {nodes} nodes joined in {self.patience.start:.0f} s; see their "
                    f"logs and that of the server"
                )
            self._wait()

    def await_anybody(self) -> None:
        """Wait until there is a node.

        Raises
        ------
        FedrasError
            If none comes in time.
        """
        give_up = self.link.now() + self.patience.alone
        while not self.awake():
            if self.link.now() > give_up:
                raise FedrasError(
                    f"no node answered for {self.patience.alone:.0f} s; the run can be resumed"
                )
            self._wait()

    def ask(self, asked: dict[Member, Work], seconds: float) -> dict[Member, Done]:
        """Send each node its work; return the answers that come in time."""
        questions = {m: _question(work) for m, work in asked.items()}
        answers: dict[Member, Done] = {}
        again: set[Member] = set()
        self._expect({m.address: self._longest_answer(work) for m, work in asked.items()})
        self._send({m.address: q.data for m, q in questions.items()})
        give_up = self.link.now() + seconds
        while len(answers) < len(asked) and self.link.now() < give_up:
            for member in self._listen(questions, answers):
                if member in again:
                    self.membership.leave_out(member, "it failed twice; see its log")
                else:
                    again.add(member)
                    self._send({member.address: questions[member].data})
            if all(m in answers or not m.awake for m in asked):
                break
            self.link.wait()
        for member in asked.keys() - answers.keys():
            if member.awake:
                self.membership.leave_out(member, "no answer in time")
        return answers

    def _wait(self) -> None:
        self.invite()
        self._listen({}, {})
        self.link.wait()

    def _send(self, messages: dict[int, bytes]) -> None:
        for data in messages.values():
            self.sent.add(data)
        if messages:
            self.link.send(messages, max(self.patience.reply, self.patience.start))

    def _expect(self, sizes: dict[int, int]) -> None:
        """Note how long the answer of each address may be; it may come late."""
        for address, size in sizes.items():
            self._longest[address] = max(size, self._longest.get(address, 0))

    def _longest_answer(self, work: Work) -> int:
        count = 0 if work.evaluate else len(work.cohort) // 8
        return _ROOM + count * (_ROOM_PER_UPLOAD + self.upload_size) + _NUMBER * numbers(work)

    def _listen(
        self, questions: dict[Member, _Question], answers: dict[Member, Done]
    ) -> set[Member]:
        """Take in what has come; add to ``answers``, and return the nodes that failed."""
        failed: set[Member] = set()
        for address, data in self.link.receive():
            member = self.membership.roster.at(address)
            question = None if member is None or member in answers else questions.get(member)
            if data is None:
                failed |= set() if member is None or question is None else {member}
                continue
            self.received.add(data)
            if address not in self._longest:  # an answer to the process before this one
                continue
            try:
                reply = self._read(address, data)
                if isinstance(reply, Joined):
                    self.membership.join(address, reply)
                elif isinstance(reply, Refused):
                    self.membership.note_refusal(address, reply)
                elif member and question and reply.asked == question.digest:  # no late one
                    require_answer(question.work, reply, self.held_out)
                    answers[member] = _believed(reply, member, question.work)
            except PayloadError as error:
                self.membership.disbelieve(address, error)
        return failed

    def _read(self, address: int, data: bytes) -> Reply:
        longest = self._longest[address]
        if len(data) > longest:
            raise PayloadError(
                f"{len(data)} bytes are more than the {longest} asked for; if it has more users "
                f"than it may enrol: {RAISE}",
                "size",
            )
        reply = parse_reply(data)
        if reply.run != self.welcome.run:
            raise PayloadError("a message of another run", "another run")
        return reply


def _question(work: Work) -> _Question:
    data = to_bytes(work)
    return _Question(work, data, digest(data))


def _believed(done: Done, member: Member, work: Work) -> Done:
    """Return an answer, and note what its node holds now."""
    member.version, member.tag, member.budgets = work.version, work.tag, work.budgets
    member.changed |= done.clients != clients_digest(member.claimed)
    return done

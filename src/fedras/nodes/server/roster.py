"""Which nodes there are, what they hold, and whose clients are whose."""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedras.arrays import Int64s, UInt64s
from fedras.errors import PayloadError
from fedras.federation.state import State
from fedras.nodes.messages import NO_TAG, NODE_BYTES, Joined, unpack_clients
from fedras.nodes.server.admission import RAISE, Terms


def _nobody() -> UInt64s:
    return np.zeros(0, np.uint64)


@dataclass(eq=False)
class Member:
    """A node, as the server knows it.

    Attributes
    ----------
    address
        Who it is.
    token
        What it calls itself.
    enrolled
        uint64[E], ascending: the clients that belong to it, for as long as the run goes on.
    claimed
        uint64[M], ascending: the clients that it said it has when it joined.
    version, tag, budgets
        What replicas it says that it holds.
    awake
        Whether it answered last time. One that did not is asked to join before it is given work.
    changed
        Whether it is to be asked again who its clients are: they are others now, or some were
        another node's, which the operator can change.
    """

    address: int
    token: bytes
    enrolled: UInt64s = field(default_factory=_nobody)
    claimed: UInt64s = field(default_factory=_nobody)
    version: int = 0
    tag: bytes = NO_TAG
    budgets: tuple[int, ...] = ()
    awake: bool = False
    changed: bool = False

    @property
    def clients(self) -> UInt64s:
        """uint64[n], ascending: the clients that belong to it and that it has now."""
        return np.intersect1d(self.enrolled, self.claimed, assume_unique=True)


@dataclass
class Roster:
    """All nodes, and the owner of each client.

    Attributes
    ----------
    members
        Who has joined.
    strangers
        Those of a former process whose address is void; they are known by their token until they
        join (`Admission.known_by_token`).
    owners
        By client.
    """

    members: list[Member] = field(default_factory=list)
    strangers: list[Member] = field(default_factory=list)
    owners: dict[int, Member] = field(default_factory=dict)

    def at(self, address: int) -> Member | None:
        """Return the member of an address."""
        return next((m for m in self.members if m.address == address), None)

    def awake(self, connected: Set[int]) -> list[Member]:
        """Return the members that are connected and answered last time, in a fixed order."""
        ready = [m for m in self.members if m.awake and m.address in connected]
        return sorted(ready, key=lambda member: member.address)

    def nodes_of(self, clients: UInt64s) -> Int64s:
        """Return int64[M], the owner of each client, as a number that is another's in no case."""
        number = {id(member): i for i, member in enumerate(self.members + self.strangers)}
        return np.array([number[id(self.owners[c])] for c in clients.tolist()], np.int64)

    def enter(self, address: int, joined: Joined, terms: Terms) -> int:
        """Note what a node says when it joins, and enrol the clients that nobody else has.

        Returns
        -------
        How many of its clients belong to other nodes, be they connected or not: they stay there.

        Raises
        ------
        PayloadError
            If it states the token of another node, or more clients than it may enrol; it has
            enrolled none then.
        """
        claimed = np.sort(unpack_clients(joined.clients))
        member = self._member(address, joined.token, terms)
        free = [c for c in claimed.tolist() if self.owners.get(c, member) is member]
        enrolled = np.union1d(member.enrolled, np.array(free, np.uint64))
        if len(enrolled) > terms.users:
            raise PayloadError(
                f"{len(enrolled)} users are more than the {terms.users} that it may enrol; {RAISE}",
                "too many users",
            )
        if member not in self.members:
            self.members.append(member)
        self.owners.update(dict.fromkeys(free, member))
        member.address, member.token = address, joined.token
        member.enrolled, member.claimed = enrolled, claimed
        member.version, member.tag, member.budgets = joined.version, joined.tag, joined.budgets
        elsewhere = len(claimed) - len(free)
        member.awake, member.changed = True, elsewhere > 0
        return elsewhere

    def _member(self, address: int, token: bytes, terms: Terms) -> Member:
        """Return the member that joins from an address, a new one if it was none before."""
        member = self.at(address)
        for former in [m for m in self.members if m.address in terms.former]:
            former.address, former.awake = address, False
            member = former if member is None else self._united(member, former)
        holder = next((m for m in self.members if m.token == token), None)
        if holder not in {None, member}:
            raise PayloadError(
                "it states the token of another node; after another key was registered for it, "
                "write its former number into the list of nodes",
                "token of another node",
            )
        if member is None:
            member = next((m for m in self.strangers if m.token == token), None)
            if member is None:
                return Member(address, token)
            self.strangers.remove(member)
        return member

    def _united(self, member: Member, former: Member) -> Member:
        """Give a member all that belonged to what turns out to be its former self."""
        self.members.remove(former)
        self.owners.update(dict.fromkeys(former.enrolled.tolist(), member))
        member.enrolled = np.union1d(member.enrolled, former.enrolled)
        return member

    def state(self) -> State:
        """Return who the members are and who belongs to them: all else they say when they join."""
        known = self.members + self.strangers
        members = [
            {"address": m.address, "token": m.token.hex(), "enrolled": len(m.enrolled)}
            for m in known
        ]
        enrolled = np.concatenate([_nobody(), *(m.enrolled for m in known)])
        return State({"enrolled": enrolled}, {"members": members})

    @classmethod
    def restored(cls, state: State, known_by_token: bool) -> "Roster":
        """Return what `state` gave; no member is awake.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else.
        """
        values: list[dict[str, Any]] = state.values["members"]
        enrolled = state.column("enrolled", np.uint64)
        ends = np.cumsum([0, *(int(each["enrolled"]) for each in values)])
        if ends[-1] != len(enrolled) or len(np.unique(enrolled)) != len(enrolled):
            raise ValueError("its nodes have more clients than there are, or share some")
        roster = cls()
        for each, start, end in zip(values, ends, ends[1:], strict=False):
            token = bytes.fromhex(each["token"])
            if len(token) != NODE_BYTES:
                raise ValueError("its nodes have no tokens")
            member = Member(int(each["address"]), token, enrolled[start:end])
            (roster.strangers if known_by_token else roster.members).append(member)
            roster.owners.update(dict.fromkeys(member.enrolled.tolist(), member))
        return roster

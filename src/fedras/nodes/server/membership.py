"""Who takes part: nodes are asked to join, let in on the operator's terms, and left out."""

import logging
from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedras.errors import FedrasError, PayloadError
from fedras.federation.state import State
from fedras.nodes.messages import Joined, Refused
from fedras.nodes.server.admission import Admission, Terms
from fedras.nodes.server.roster import Member, Roster

log = logging.getLogger("fedras.federation")

_UNLISTED = PayloadError("it is not in the list of nodes", "not in the list")
_NOT_ASKED = PayloadError("it joins without having been asked", "not asked")


@dataclass(eq=False)
class Membership:
    """Nodes that take part, might, or may not.

    Attributes
    ----------
    admission
        Whom the operator lets in.
    roster
        Who has joined.
    left_out
        How often each node was left out of what went on, by address.
    refused
        How often something that a node said was not believed, by reason.
    """

    admission: Admission
    roster: Roster = field(default_factory=Roster)
    left_out: Counter[int] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    _terms: dict[int, Terms] = field(default_factory=dict)
    _asked: dict[int, float] = field(default_factory=dict)
    _answered: set[int] = field(default_factory=set)
    _lines: Counter[tuple[int, str]] = field(default_factory=Counter)

    def invite(self, connected: Set[int], now: float, seconds: float) -> dict[int, Terms]:
        """Return the nodes to be asked to join, and on what terms.

        These are new, or did not answer last time, or have other clients now; but none that was
        asked less than so many seconds before and has not joined.
        """
        known = {m.address for m in self.roster.awake(connected) if not m.changed}
        quiet = [a for a in sorted(connected - known) if self._asked.get(a, -np.inf) <= now]
        if not quiet:
            return {}
        self._asked.update(dict.fromkeys(quiet, now + seconds))
        listed = self._listed()
        invited: dict[int, Terms] = {}
        for address in quiet:
            terms = Terms(self.admission.users) if listed is None else listed.get(address)
            if terms is None:
                self._answered.add(address)
                self.refuse(address, _UNLISTED)
            else:
                invited[address] = terms
        self._terms.update(invited)
        return invited

    def _listed(self) -> dict[int, Terms] | None:
        """Return the operator's list; what was true before, where it cannot be read any more."""
        try:
            return self.admission.terms()
        except FedrasError as error:
            log.error("%s; until it is mended, what it said before holds", error)
            return self._terms

    def join(self, address: int, joined: Joined) -> None:
        """Let a node in that was asked to join; if it may not, it goes on as what it was."""
        if address not in self._asked or address not in self._terms:
            self.refuse(address, _NOT_ASKED)
            return
        self._answered.add(address)
        try:
            elsewhere = self.roster.enter(address, joined, self._terms[address])
        except PayloadError as error:
            self.refuse(address, error)
            return
        if not elsewhere:
            del self._asked[address]
        else:  # it will be asked again, but not at once
            reason = "users of another node"
            self.refuse(address, PayloadError(f"{elsewhere} of its users are another's", reason))

    def settled(self, nodes: int, connected: Set[int]) -> bool:
        """Return whether so many nodes have joined, and all that are connected have answered."""
        ready = {member.address for member in self.roster.awake(connected)}
        return len(ready) >= max(nodes, 1) and connected <= ready | self._answered

    def note_refusal(self, address: int, refused: Refused) -> None:
        """Note that a node cannot do what it was asked."""
        self._answered.add(address)
        member, says = self.roster.at(address), f"it says {refused.reason!r}"
        if member is None:
            self._log(address, "outside", f"does not join: {says}")
        else:
            member.version, member.tag = refused.version, refused.tag
            member.budgets = refused.budgets
            self._asked.pop(address, None)
            self.leave_out(member, says)

    def disbelieve(self, address: int, error: PayloadError) -> None:
        """Leave a node out that said what cannot be."""
        self._answered.add(address)
        self.refuse(address, error)
        member = self.roster.at(address)
        if member is not None:
            self.leave_out(member, str(error))

    def refuse(self, address: int, error: PayloadError) -> None:
        """Count and log that something a node said is not believed."""
        self.refused[error.reason] += 1
        self._log(address, error.reason, str(error))

    def leave_out(self, member: Member, reason: str) -> None:
        """Leave a node out until it joins again."""
        member.awake = False
        self.left_out[member.address] += 1
        self._log(member.address, "left out", f"is left out: {reason}")

    def _log(self, address: int, kind: str, text: str) -> None:
        """Log the first, second, fourth, eighth ... time of its kind: a node cannot fill a disk."""
        self._lines[address, kind] += 1
        times = self._lines[address, kind]
        if times & (times - 1) == 0:
            log.warning("node %d: %s%s", address, text, f" (time {times})" * (times > 1))

    def state(self) -> State:
        """Return who takes part, and what was counted."""
        arrays, values = self.roster.state()
        counted: dict[str, Any] = {"left_out": list(self.left_out.items()), "refused": self.refused}
        return State(arrays, values | counted)

    def restored(self, state: State) -> "Membership":
        """Return the membership of `state`, on the same terms; nobody is connected.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is the state of something else.
        """
        return Membership(
            self.admission,
            Roster.restored(state, self.admission.known_by_token),
            Counter({int(address): int(n) for address, n in state.values["left_out"]}),
            Counter({str(reason): int(n) for reason, n in state.values["refused"].items()}),
        )

"""Which nodes there are, what they hold, and whose clients are whose."""

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedras.arrays import UInt64s
from fedras.nodes.messages import pack_clients, unpack_clients
from fedras.nodes.node.memory import NO_TAG


@dataclass(eq=False)
class Member:
    """A node, as the server knows it.

    Attributes
    ----------
    node
        What it calls itself.
    named
        uint64[M], ascending: the clients that it says it has.
    address
        Where it is connected; None before it has said so.
    version, tag, budgets
        What replicas it holds, as far as the server has heard.
    awake
        Whether it answered last time. One that did not is asked to join before it is given work.
    changed
        Whether it must be asked who its clients are now.
    """

    node: bytes
    named: UInt64s
    address: int | None = None
    version: int = 0
    tag: bytes = NO_TAG
    budgets: tuple[int, ...] = ()
    awake: bool = True
    changed: bool = False


@dataclass
class Roster:
    """All nodes by name, and the owner of each client.

    Attributes
    ----------
    members
        By `Member.node`.
    owners
        The node of each client, by its identity.
    """

    members: dict[bytes, Member] = field(default_factory=dict)
    owners: dict[int, bytes] = field(default_factory=dict)

    def at(self, address: int) -> Member | None:
        """Return the member that is connected at an address."""
        found = (member for member in self.members.values() if member.address == address)
        return next(found, None)

    def awake(self, connected: Set[int]) -> list[Member]:
        """Return the members that are connected and answered last time, in a fixed order."""
        ready = [m for m in self.members.values() if m.awake and m.address in connected]
        return sorted(ready, key=lambda member: member.node)

    def enter(
        self, node: bytes, clients: UInt64s, address: int, connected: Set[int]
    ) -> tuple[Member, int]:
        """Note that a node is connected at an address and has these clients.

        Returns
        -------
        The member, and how many of its clients belong to another node that is connected: they
        stay there.
        """
        former = self.at(address)
        if former is not None and former.node != node:
            former.address = None
        member = self.members.setdefault(node, Member(node, np.sort(clients)))
        member.named, member.address = np.sort(clients), address
        member.awake, member.changed = True, False
        elsewhere = {
            name
            for name, other in self.members.items()
            if other is not member and other.address in connected
        }
        mine = set(member.named.tolist())
        for client in [c for c, owner in self.owners.items() if owner == node and c not in mine]:
            del self.owners[client]
        taken = {client for client in mine if self.owners.get(client) in elsewhere}
        self.owners.update(dict.fromkeys(mine - taken, node))
        return member, len(taken)

    def state(self) -> list[dict[str, Any]]:
        """Return the members as JSON values."""
        return [
            {
                "node": member.node.hex(),
                "clients": pack_clients(member.named).hex(),
                "version": member.version,
                "tag": member.tag.hex(),
                "budgets": member.budgets,
            }
            for member in self.members.values()
        ]

    @classmethod
    def restored(cls, values: list[dict[str, Any]]) -> "Roster":
        """Return what `state` gave; no member is connected."""
        roster = cls()
        for each in values:
            node = bytes.fromhex(each["node"])
            roster.members[node] = Member(
                node,
                unpack_clients(bytes.fromhex(each["clients"])),
                None,
                each["version"],
                bytes.fromhex(each["tag"]),
                tuple(each["budgets"]),
                awake=False,
            )
            roster.owners.update(dict.fromkeys(roster.members[node].named.tolist(), node))
        return roster


def name(node: bytes) -> str:
    """Return how a node is called in front of people."""
    return node.hex()[:8]

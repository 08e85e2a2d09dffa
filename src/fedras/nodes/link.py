"""What the server's side needs of a transport."""

from dataclasses import dataclass
from typing import Protocol


class Link(Protocol):
    """Takes messages to nodes and brings their replies, late, twice or never."""

    def nodes(self) -> set[int]:
        """Return the addresses of the nodes that are connected now."""

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        """Send each node a message, which is void after so many seconds."""

    def receive(self) -> list[tuple[int, bytes | None]]:
        """Return the replies that have come, by node; None where the node reports a failure."""

    def wait(self) -> None:
        """Pause before asking again."""

    def now(self) -> float:
        """Return the time in seconds."""


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
class Messages:
    """Messages of one direction, and bytes as they were handed to the transport."""

    count: int = 0
    size: int = 0

    def add(self, data: bytes) -> None:
        """Count a message."""
        self.count += 1
        self.size += len(data)

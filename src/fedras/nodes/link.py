"""What the server's side needs of a transport."""

from typing import Protocol


class Link(Protocol):
    """Takes messages to nodes and brings their replies, late, twice or never.

    An address stands for whoever proved to the transport that it is theirs, as with Flower the key
    of a SuperNode does: the server believes it, and nothing that a node says of itself.
    """

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

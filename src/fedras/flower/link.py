"""The link to nodes over Flower's Message API: a message is a ConfigRecord with bytes in it."""

import time

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

from fedras.errors import PayloadError

_RECORD, _KEY = "fedras", "message"
_PAUSE, _NODES_FRESH = 0.3, 2.0  # seconds


def wrap(data: bytes) -> RecordDict:
    """Return the content of a Flower message that carries ``data``."""
    return RecordDict({_RECORD: ConfigRecord({_KEY: data})})


def unwrap(content: RecordDict) -> bytes:
    """Return what `wrap` was given.

    Raises
    ------
    PayloadError
        If the content is something else.
    """
    record = content.config_records.get(_RECORD)
    data = record.get(_KEY) if record is not None else None
    if not isinstance(data, bytes):
        raise PayloadError("a Flower message without a message of fedras")
    return data


class FlowerLink:
    """A `Link` over a Flower grid.

    Parameters
    ----------
    grid
        What Flower gives a ServerApp.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._open: dict[str, tuple[int, float]] = {}
        self._nodes: tuple[float, set[int]] = (-_NODES_FRESH, set())

    def nodes(self) -> set[int]:
        """Return the ids of the SuperNodes that are online."""
        if self.now() - self._nodes[0] >= _NODES_FRESH:
            self._nodes = self.now(), set(self.grid.get_node_ids())
        return self._nodes[1]

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        """Push a message to each node."""
        pushed = [
            Message(wrap(data), dst_node_id=node, message_type="query", ttl=seconds)
            for node, data in messages.items()
        ]
        void = self.now() + seconds
        for node, identifier in zip(messages, self.grid.push_messages(pushed), strict=False):
            if identifier:
                self._open[identifier] = node, void

    def receive(self) -> list[tuple[int, bytes | None]]:
        """Pull the replies that have come."""
        self._open = {
            i: (node, void) for i, (node, void) in self._open.items() if self.now() < void
        }
        if not self._open:
            return []
        found: list[tuple[int, bytes | None]] = []
        for reply in self.grid.pull_messages(list(self._open)):
            node, _ = self._open.pop(reply.metadata.reply_to_message_id, (None, 0.0))
            if node is None:
                continue
            try:
                found.append((node, None if reply.has_error() else unwrap(reply.content)))
            except PayloadError:
                found.append((node, None))
        return found

    def wait(self) -> None:
        """Sleep a little."""
        time.sleep(_PAUSE)

    def now(self) -> float:
        """Return a clock that never goes back."""
        return time.monotonic()

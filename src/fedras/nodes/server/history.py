"""The server's record of what it sent, from which nodes catch up."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fedras.arrays import Arrays
from fedras.federation import scoring
from fedras.federation.catchup import snapshot
from fedras.federation.server import Server
from fedras.nodes.messages import NO_TAG, TAG_BYTES, News


@dataclass
class Line:
    """The updates of one stream that are still worth keeping, and a snapshot.

    Attributes
    ----------
    first
        The version that the oldest kept update leads to.
    updates
        Oldest first.
    whole
        The last snapshot, and the version that it is of.
    """

    first: int = 1
    updates: list[bytes] = field(default_factory=list)
    whole: tuple[int, bytes] = (-1, b"")

    def since(self, version: int) -> list[bytes] | None:
        """Return the updates after a version; None if some are no longer kept."""
        return None if version + 1 < self.first else self.updates[version + 1 - self.first :]

    def forget(self) -> None:
        """Drop updates that together are longer than a snapshot: nobody will be sent them."""
        limit, total, keep = len(self.whole[1]), 0, len(self.updates)
        while limit and keep and total + len(self.updates[keep - 1]) <= limit:
            keep -= 1
            total += len(self.updates[keep])
        if limit and keep:
            del self.updates[:keep]
            self.first += keep


class History:
    """All streams and the scoring model. `tags` has the tag of each version."""

    def __init__(self, streams: int) -> None:
        self.tags = [NO_TAG]
        self.lines = [Line() for _ in range(streams)]
        self.scoring = Line()

    def add(self, server: Server) -> None:
        """Keep what the server's last round made."""
        sent = server.broadcast
        digest = hashlib.blake2b(self.tags[-1], digest_size=TAG_BYTES)
        for data in (*sent.items, sent.scoring):
            digest.update(len(data).to_bytes(8, "little") + data)
        self.tags.append(digest.digest())
        for line, data in zip(
            (*self.lines, self.scoring), (*sent.items, sent.scoring), strict=True
        ):
            line.updates.append(data)
            line.forget()

    def follow(self, server: Server) -> None:
        """Begin a line for each stream that is new: whoever hears it is sent a snapshot first."""
        new = len(server.streams) - len(self.lines)
        self.lines += [Line(server.broadcast.round + 1) for _ in range(new)]

    def knows(self, version: int, tag: bytes) -> bool:
        """Return whether a node of this version and tag holds what the server sent."""
        return version < len(self.tags) and self.tags[version] == tag

    def news(self, server: Server, s: int, version: int) -> News:
        """Return what a node needs that holds a version of stream ``s``: the smaller way."""
        stream, now = server.streams[s], server.broadcast.round
        missed = self.lines[s].since(version)
        if missed and server.method.absolute:  # the newest says all: it replaces what was there
            missed = missed[-1:]
        return _smaller(self.lines[s], missed, now, lambda: snapshot(stream.replica, now))

    def scoring_news(self, server: Server, version: int) -> News:
        """Return the same of the scoring model."""
        now = server.broadcast.round
        if not len(server.scoring):
            return News(b"", ())
        missed = self.scoring.since(version)
        write = scoring.write
        return _smaller(
            self.scoring, missed, now, lambda: write(server.scoring, "f32", now, np.uint64(0))
        )

    def state(self) -> tuple[Arrays, dict[str, Any]]:
        """Return all of it as arrays and JSON values."""
        lines = [*self.lines, self.scoring]
        arrays: Arrays = {
            f"line_{i}": np.frombuffer(b"".join(line.updates), np.uint8)
            for i, line in enumerate(lines)
        }
        kept = [{"first": line.first, "sizes": list(map(len, line.updates))} for line in lines]
        return arrays, {"lines": kept, "tags": [tag.hex() for tag in self.tags]}

    @classmethod
    def restored(cls, arrays: Arrays, values: dict[str, Any]) -> "History":
        """Return what `state` gave."""
        history = cls(len(values["lines"]) - 1)
        history.tags = [bytes.fromhex(tag) for tag in values["tags"]]
        for i, line in enumerate((*history.lines, history.scoring)):
            kept, content, start = values["lines"][i], arrays[f"line_{i}"].tobytes(), 0
            line.first = kept["first"]
            for size in kept["sizes"]:
                line.updates.append(content[start : start + size])
                start += size
            if start != len(content):
                raise ValueError("its record of updates is longer than they are")
        return history


def _smaller(line: Line, missed: list[bytes] | None, now: int, write: Callable[[], bytes]) -> News:
    """Return the missed updates, or a snapshot if they are lost or longer."""
    length = sum(map(len, missed or ()))
    if missed is None or length > len(line.whole[1]):
        if line.whole[0] != now:
            line.whole = now, write()
        if missed is None or length > len(line.whole[1]):
            return News(line.whole[1], ())
    return News(b"", tuple(missed))

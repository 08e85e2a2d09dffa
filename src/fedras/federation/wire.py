"""What passes between server and clients, as bytes, and how many of them there are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from fedras.arrays import Arrays
from fedras.codecs import Part, Payload
from fedras.federation.state import State

SCORING = "scoring"
HEADERS = "headers"
CATCH_UP = "catch_up"
OTHER = "other"
DROPPED = "dropped"
_NAMES = {int(part): part.name.lower() for part in Part}
_VECTORS = (_NAMES[Part.ACTIONS], _NAMES[Part.VALUES])


@dataclass(frozen=True)
class Broadcast:
    """What the server sends in one round.

    Attributes
    ----------
    round
        The number of the round, from 0.
    items
        The coded update of the item matrix, by stream; empty before there is one.
    scoring
        The coded change of the scoring model; empty where there is none.
    """

    round: int
    items: tuple[bytes, ...]
    scoring: bytes

    @property
    def silent(self) -> bool:
        """Whether it says nothing, as a server may that does not speak in each round."""
        return not any(self.items) and not self.scoring

    def arrays(self) -> Arrays:
        """Return its bytes as arrays."""
        items = {f"broadcast_{s}": data for s, data in enumerate(self.items)}
        sent = {**items, "scoring_sent": self.scoring}
        return {name: np.frombuffer(data, np.uint8) for name, data in sent.items()}

    @classmethod
    def restored(cls, state: State, round_: int, streams: int) -> "Broadcast":
        """Return what `arrays` gave, of this round; ValueError if there is no such thing."""
        items = [state.bytes(f"broadcast_{s}") for s in range(streams if round_ else 0)]
        return cls(round_, tuple(items), state.bytes("scoring_sent"))


class Upload(msgspec.Struct, frozen=True, gc=False):
    """What a client sends back: the coded changes of its items and of its scoring model."""

    items: bytes
    scoring: bytes


NOTHING = Upload(b"", b"")
"""What a client sends in whose name another does, or that is gone."""


@dataclass
class Traffic:
    """Bytes of one direction, added up over clients and split by what they are.

    The sum over ``sent`` is the length of all that was sent; ``clients`` is by how many.
    """

    clients: int = 0
    sent: Counter[str] = field(default_factory=Counter)

    def add(self, data: bytes, payload: Payload, clients: int = 1) -> None:
        """Count ``data``, which parses as ``payload``, as sent to or by so many clients."""
        self.add_all([data], [payload], clients)

    def add_all(self, data: Sequence[bytes], payloads: Sequence[Payload], clients: int = 1) -> None:
        """Count what parses as ``payloads``, each as sent to or by so many clients."""
        sizes: dict[int, int] = {}
        for payload in payloads:
            for part, content in payload.parts.items():
                sizes[part] = sizes.get(part, 0) + len(content)
        self.add_parts(sizes, sum(map(len, data)) - sum(sizes.values()), clients)

    def add_parts(self, sizes: Mapping[int, int], rest: int, clients: int = 1) -> None:
        """Count parts of these sizes by their numbers, and the rest of what they were sent in."""
        for part, size in sizes.items():
            self.sent[_NAMES.get(part, OTHER)] += clients * size
        self.sent[HEADERS] += clients * rest

    def add_scoring(self, data: bytes, clients: int = 1) -> None:
        """Count ``data`` as changes of scoring models, header and all."""
        self.sent[SCORING] += clients * len(data)

    def add_dropped(self, upload: Upload) -> None:
        """Count an upload that could not be read, by nobody knows what parts."""
        self.clients += 1
        self.sent[DROPPED] += len(upload.items) + len(upload.scoring)

    def add_catch_up(self, size: int) -> None:
        """Count so many bytes of older updates and snapshots."""
        self.sent[CATCH_UP] += size

    def merge(self, other: "Traffic") -> None:
        """Add what another round counted."""
        self.clients += other.clients
        self.sent.update(other.sent)

    @property
    def per_client(self) -> float:
        """Bytes per client and round."""
        return self.sent.total() / max(1, self.clients)

    @property
    def vectors_per_client(self) -> float:
        """Bytes of row vectors only, the cost that the paper counts, per client and round."""
        return sum(self.sent[name] for name in _VECTORS) / max(1, self.clients)

    def split(self) -> dict[str, float]:
        """Return the bytes per client and round by what they are."""
        return {name: total / max(1, self.clients) for name, total in sorted(self.sent.items())}


def merged(parts: Sequence[Traffic]) -> Traffic:
    """Return all that was counted of parts of the clients."""
    whole = Traffic()
    for part in parts:
        whole.merge(part)
    return whole

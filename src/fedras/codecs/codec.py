"""The contract of a codec: an update of some rows to a `Payload` and back."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fedras.codecs.payload import Payload
from fedras.errors import PayloadError
from fedras.registry import Registry


@dataclass(frozen=True, eq=False)
class RowUpdate:
    """What to add to some rows of a matrix.

    Attributes
    ----------
    rows
        int32[n], strictly increasing, the rows that change.
    vectors
        float32[k, d], what is added to them.
    size
        The number of rows of the whole matrix.
    index
        int32[n], the number of the vector that each row takes; None where row i takes vector i.
    rank
        How many vectors span the others, where that is known; by default k.
    """

    rows: NDArray[np.int32]
    vectors: NDArray[np.float32]
    size: int
    index: NDArray[np.int32] | None = None
    rank: int | None = None

    @property
    def values(self) -> NDArray[np.float32]:
        """What is added to each row, float32[n, d]."""
        return self.vectors if self.index is None else self.vectors[self.index]

    @property
    def chosen(self) -> NDArray[np.int32]:
        """The number of the vector that each row takes, int32[n]."""
        return np.arange(len(self.rows), dtype=np.int32) if self.index is None else self.index

    @property
    def actions(self) -> int:
        """How many distinct vectors a receiver is sent."""
        return len(self.vectors) if self.rank is None else self.rank

    @classmethod
    def between(cls, old: NDArray[np.float32], new: NDArray[np.float32]) -> "RowUpdate":
        """Return what leads from one matrix, float32[size, d], to another: the rows that differ."""
        rows = np.flatnonzero((old != new).any(axis=1))
        return cls(rows.astype(np.int32), new[rows] - old[rows], len(old))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the whole matrix."""
        return self.size, self.vectors.shape[1]

    def add_to(self, matrix: NDArray[np.float32]) -> None:
        """Add the update to ``matrix``, float32[size, d], in place."""
        matrix[self.rows] += self.values

    def with_values(self, values: NDArray[np.float32]) -> "RowUpdate":
        """Return other values, float32[n, d], for the same rows."""
        return RowUpdate(self.rows, values, self.size)


class Codec(ABC):
    """A way of coding an update: a frozen dataclass whose fields are its hyper-parameters.

    A subclass registers itself with ``@CODECS.register(name)``; `decode` must work on whatever
    `encode` of the same name made, with any hyper-parameters.
    """

    name: ClassVar[str]

    @abstractmethod
    def encode(self, update: RowUpdate, key: np.uint64) -> Payload:
        """Code ``update``; random choices are drawn from the stream ``key``."""

    @classmethod
    @abstractmethod
    def decode(cls, payload: Payload) -> RowUpdate:
        """Return the update that ``payload`` describes.

        Raises
        ------
        PayloadError
            For a payload that `encode` cannot have made.
        """

    def encode_all(self, updates: Sequence[RowUpdate], keys: NDArray[np.uint64]) -> list[Payload]:
        """Code many updates; the same payloads as `encode` one by one."""
        return [self.encode(update, key) for update, key in zip(updates, keys, strict=True)]

    @classmethod
    def decode_all(cls, payloads: Sequence[Payload]) -> list[RowUpdate]:
        """Decode payloads of one matrix and number format; the same as `decode` one by one."""
        return [cls.decode(payload) for payload in payloads]


CODECS: Registry[Codec] = Registry("codec", "codecs")


def decode(payload: Payload) -> RowUpdate:
    """Decode with the codec that the payload names.

    Raises
    ------
    PayloadError
        For a codec that is not registered here, and for what `Codec.decode` refuses.
    """
    return decode_all([payload])[0]


def decode_all(payloads: Sequence[Payload]) -> list[RowUpdate]:
    """Decode each payload with the codec that it names, those of one kind together.

    Raises
    ------
    PayloadError
        As `decode`, if one of them is refused.
    """
    updates: dict[int, RowUpdate] = {}
    kinds: defaultdict[tuple[str, str, tuple[int, int]], list[int]] = defaultdict(list)
    for i, payload in enumerate(payloads):
        kinds[payload.codec, payload.numbers, payload.shape].append(i)
    for (name, _, _), mine in kinds.items():
        if name not in CODECS:
            raise PayloadError(f"payload of an unknown codec {name!r}")
        decoded = CODECS.get(name).decode_all([payloads[i] for i in mine])
        updates.update(zip(mine, decoded, strict=True))
    return [updates[i] for i in range(len(payloads))]

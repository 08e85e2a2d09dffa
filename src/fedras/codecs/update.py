"""Updates of the item matrix: of one client, and of many in one piece of memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

import msgspec
import numpy as np
from numpy.typing import NDArray

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core.updates import add_rows, bounds_of, changes

T = TypeVar("T", bound=np.generic)


class RowUpdate(msgspec.Struct, frozen=True, eq=False):
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

    rows: Int32s
    vectors: Float32s
    size: int
    index: Int32s | None = None
    rank: int | None = None

    @classmethod
    def between(cls, old: Float32s, new: Float32s) -> "RowUpdate":
        """Return what leads from one matrix, float32[size, d], to another: the rows that differ."""
        return cls(*changes(old, new), len(old))

    @property
    def values(self) -> Float32s:
        """What is added to each row, float32[n, d]."""
        return self.vectors if self.index is None else self.vectors.take(self.index, 0)

    @property
    def chosen(self) -> Int32s:
        """The number of the vector that each row takes, int32[n]."""
        return np.arange(len(self.rows), dtype=np.int32) if self.index is None else self.index

    @property
    def actions(self) -> int:
        """How many distinct vectors a receiver is sent."""
        return len(self.vectors) if self.rank is None else self.rank

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the whole matrix."""
        return self.size, self.vectors.shape[1]

    def add_to(self, matrix: Float32s) -> None:
        """Add the update to ``matrix``, float32[size, d], in place."""
        add_rows(matrix, self.rows, np.ascontiguousarray(self.vectors), self.chosen)

    def with_values(self, values: Float32s) -> "RowUpdate":
        """Return other values, float32[n, d], for the same rows."""
        return RowUpdate(self.rows, values, self.size)


@dataclass(frozen=True, eq=False)
class Updates(Sequence[RowUpdate]):
    """The updates of some clients, which compiled loops write and read without a copy.

    Attributes
    ----------
    rows, values
        int32[m] and float32[m, d]: client c has the ``counts[c]`` rows from ``starts[c]`` on,
        strictly increasing, and as many vectors.
    starts, counts
        int64[C] each.
    size
        The number of rows of the whole matrix.
    """

    rows: Int32s
    values: Float32s
    starts: Int64s
    counts: Int64s
    size: int

    @classmethod
    def of(cls, updates: Sequence[RowUpdate]) -> "Updates":
        """Return at least one update as `Updates`; what is so already is not copied."""
        if isinstance(updates, Updates):
            return updates
        rows, bounds = join([update.rows for update in updates])
        values = np.concatenate([update.values for update in updates])
        return cls(rows, values, bounds[:-1], np.diff(bounds), updates[0].size)

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, c: int) -> RowUpdate: ...
    @overload
    def __getitem__(self, c: slice) -> "Updates": ...
    def __getitem__(self, c: int | slice) -> "RowUpdate | Updates":
        if isinstance(c, slice):
            return self.subset(np.arange(len(self))[c])
        own = slice(self.starts[c], self.starts[c] + self.counts[c])
        return RowUpdate(self.rows[own], self.values[own], self.size)

    def subset(self, clients: Int64s) -> "Updates":
        """Return the updates of some clients, in the same memory."""
        starts, counts = self.starts[clients], self.counts[clients]
        return Updates(self.rows, self.values, starts, counts, self.size)


@dataclass(frozen=True, eq=False)
class Joined(Sequence[RowUpdate]):
    """Updates one after another in one piece of memory, each with vectors that its rows share.

    Attributes
    ----------
    rows, bounds
        int32[n] and int64[C + 1]: client c has the rows ``rows[bounds[c]:bounds[c + 1]]``.
    chosen
        int32[n], the number of the vector that each row takes among those of its client.
    vectors, starts
        float32[k, d] and int64[C + 1]: those of client c are ``vectors[starts[c]:starts[c + 1]]``.
    size
        The number of rows of the whole matrix.
    """

    rows: Int32s
    bounds: Int64s
    chosen: Int32s
    vectors: Float32s
    starts: Int64s
    size: int

    @classmethod
    def of(cls, updates: Sequence[RowUpdate]) -> "Joined":
        """Return at least one update as `Joined`; what is so already is not copied."""
        if isinstance(updates, Joined):
            return updates
        rows, bounds = join([update.rows for update in updates])
        chosen, _ = join([update.chosen for update in updates])
        vectors, starts = join([update.vectors for update in updates])
        return cls(rows, bounds, chosen, vectors, starts, updates[0].size)

    def __len__(self) -> int:
        return len(self.bounds) - 1

    @overload
    def __getitem__(self, c: int) -> RowUpdate: ...
    @overload
    def __getitem__(self, c: slice) -> list[RowUpdate]: ...
    def __getitem__(self, c: int | slice) -> RowUpdate | list[RowUpdate]:
        if isinstance(c, slice):
            return [self[i] for i in range(len(self))[c]]
        if not 0 <= c < len(self):
            raise IndexError(c)
        own = slice(self.bounds[c], self.bounds[c + 1])
        vectors = self.vectors[self.starts[c] : self.starts[c + 1]]
        return RowUpdate(self.rows[own], vectors, self.size, self.chosen[own])


def blocks(updates: Sequence[RowUpdate], numbers: int = 1 << 23) -> Iterator[Sequence[RowUpdate]]:
    """Cut updates, which need not be in memory together, into blocks of about so many numbers."""
    if isinstance(updates, Joined):
        yield updates
        return
    block: list[RowUpdate] = []
    held = 0
    for update in updates:
        block.append(update)
        held += update.vectors.size + len(update.rows)
        if held >= numbers:
            yield block
            block, held = [], 0
    if block:
        yield block


def join(arrays: Sequence[NDArray[T]]) -> tuple[NDArray[T], Int64s]:
    """Return the arrays, of which there is at least one, one after another, and their bounds."""
    lengths = np.fromiter(map(len, arrays), np.int64, len(arrays))
    return np.concatenate(arrays), bounds_of(lengths)

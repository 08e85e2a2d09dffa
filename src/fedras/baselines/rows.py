"""The binary matrix of users and items that baselines learn from, kept as rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.parallel import for_clients

T = TypeVar("T")

_BLOCK = 1 << 23  # numbers that a block of a dense matrix holds


@dataclass(frozen=True, eq=False)
class Rows:
    """A sparse matrix of zeros and ones, X.

    Attributes
    ----------
    indptr, columns
        int64[R + 1] and int32[entries]: the ones of row r are in the columns
        ``columns[indptr[r]:indptr[r + 1]]``, ascending and distinct.
    width
        The number of columns, C.
    """

    indptr: Int64s
    columns: Int32s
    width: int

    @classmethod
    def of(cls, indptr: Int64s, items: Int32s, n_items: int) -> "Rows":
        """Return the matrix of users' items, int32[rows] in any order; repeats count once."""
        user = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        pairs = np.unique(user * n_items + items)
        return _from_pairs(pairs, len(indptr) - 1, n_items)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @cached_property
    def counts(self) -> Int64s:
        """int64[R]: the ones of each row."""
        return np.diff(self.indptr)

    @cached_property
    def transposed(self) -> "Rows":
        """The same with rows and columns exchanged."""
        row = np.repeat(np.arange(len(self)), self.counts)
        pairs = np.sort(self.columns.astype(np.int64) * len(self) + row)
        return _from_pairs(pairs, self.width, len(self))

    def entries(self, rows: Int64s) -> tuple[Int64s, Int32s]:
        """Return int64[n], int32[n]: for each one of these rows, its place in them and column."""
        counts = self.counts[rows]
        place = np.repeat(np.arange(len(rows)), counts)
        within = np.arange(len(place)) - np.repeat(np.cumsum(counts) - counts, counts)
        return place, self.columns[self.indptr[rows][place] + within]

    def dense(self, rows: Int64s) -> Float32s:
        """Return float32[b, C], some rows."""
        out = np.zeros((len(rows), self.width), np.float32)
        out[self.entries(rows)] = 1
        return out

    def blocks(self, width: int | None = None) -> list[Int64s]:
        """Return the rows in blocks, of which a dense matrix of ``width`` columns stays small."""
        size = max(1, _BLOCK // max(1, width or self.width))
        return [np.arange(at, min(at + size, len(self))) for at in range(0, len(self), size)]

    @cached_property
    def pairs(self) -> tuple[Int64s, Int32s, Int32s]:
        """int64[C + 1], int32[n], int32[n]: which other columns share rows with each, and how many.

        Column c is with ``others[ends[c]:ends[c + 1]]``, ascending, as often as the third says.
        """
        parts = side_by_side(self._pairs_of, self.transposed.blocks(self.width))
        ends = np.zeros(self.width + 1, np.int64)
        np.cumsum(np.concatenate([part[0] for part in parts]), out=ends[1:])
        others, counts = (np.concatenate([part[n] for part in parts]) for n in (1, 2))
        return ends, others.astype(np.int32), counts.astype(np.int32)

    def _pairs_of(self, columns: Int64s) -> tuple[Int64s, Int32s, Int32s]:
        place, row = self.transposed.entries(columns)
        which, other = self.entries(row.astype(np.int64))
        count = np.bincount(place[which] * self.width + other, minlength=len(columns) * self.width)
        count[np.arange(len(columns)) * self.width + columns] = 0
        found = np.flatnonzero(count)
        place, other = np.divmod(found, self.width)
        each = np.bincount(place, minlength=len(columns))
        return each, other.astype(np.int32), count[found].astype(np.int32)

    @cached_property
    def gram(self) -> Float32s:
        """float32[C, C], X^T X: how many rows have both columns; exact below 2^24 rows."""
        total = np.zeros((self.width, self.width), np.float32)
        for part in side_by_side(self._gram_of, self.blocks()):
            total += part
        return total

    def _gram_of(self, rows: Int64s) -> Float32s:
        block = self.dense(rows)
        return block.T @ block


def _from_pairs(pairs: Int64s, n_rows: int, width: int) -> Rows:
    """Return the matrix whose ones are at row * width + column, int64[entries] ascending."""
    row, column = np.divmod(pairs, width)
    indptr = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=indptr[1:])
    return Rows(indptr, column.astype(np.int32), width)


def side_by_side(work: Callable[[Int64s], T], blocks: Sequence[Int64s]) -> list[T]:
    """Return what ``work`` makes of each block; on all threads, BLAS on one in each."""

    def some(numbers: Int64s) -> list[T]:
        return [work(blocks[n]) for n in numbers.tolist()]

    return for_clients(some, np.array([len(block) for block in blocks], np.int64))

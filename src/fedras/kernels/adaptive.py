"""Adaptive cluster-and-split (paper, section 4.3): split the least coherent group in two, again."""

import heapq

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit
from fedras.kernels.lanes import LANES, first_largest
from fedras.kernels.nearest import lay_out, scores
from fedras.kernels.product import ROWS

MOST_COMPARED = 4096
"""The largest group of which all pairs of rows are compared."""


@jit
def directions(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the rows of float32[n, d] at length 1, and their lengths, float32[n], all positive."""
    unit = np.empty_like(values)
    norm = np.empty(len(values), np.float32)
    for i in range(len(values)):
        total = 0.0
        for f in range(values.shape[1]):
            total += np.float64(values[i, f]) * np.float64(values[i, f])
        length = np.sqrt(total)
        norm[i] = length
        for f in range(values.shape[1]):
            unit[i, f] = values[i, f] / length
    return unit, norm


@jit
def split(
    unit: NDArray[np.float32],
    norm: NDArray[np.float32],
    assignment: NDArray[np.int32],
    groups: int,
    expected: int,
    most: int,
    threshold: float,
) -> tuple[NDArray[np.int32], int, float]:
    """Split groups until all are coherent.

    A group's quality is the average cosine between its rows and their mean. The group with the
    smallest quality is split around its two least similar rows, each row going to the one that it
    resembles more (the first on a tie); in a group of more than `MOST_COMPARED` rows they are two
    that have nobody less similar than each other. Splitting stops when the smallest quality reaches
    ``threshold`` or there are ``most`` groups; a stop below ``expected`` groups is kept while
    splitting goes on to ``expected``, to measure the quality there.

    Parameters
    ----------
    unit, norm
        float32[n, d] of length 1, and their lengths before, float32[n], all positive.
    assignment
        int32[n] in [0, groups), the clustering to start from; no group is empty.
    expected, most
        C_e and C_m.
    threshold
        Stop when every group's average cosine is at least this. NaN stops at ``expected``.

    Returns
    -------
    The assignment at the first stop, its number of groups, and the smallest quality when there
    were ``expected`` groups (1 if the rows run out of things to split before).
    """
    assignment = assignment.copy()
    member, first, size = _by_group(assignment, groups, most)
    worst_first = [
        (_quality(unit, norm, member[first[g] : first[g] + size[g]]), g) for g in range(groups)
    ]
    heapq.heapify(worst_first)
    stopped = assignment
    stopped_at = 0
    recorded = 1.0
    while True:
        quality, worst = worst_first[0]
        exhausted = size[worst] < 2 or groups == most
        if groups == expected:
            recorded = quality
        reached = groups >= expected if np.isnan(threshold) else quality >= threshold
        if stopped_at == 0 and (reached or exhausted):
            stopped, stopped_at = assignment.copy(), groups
        if exhausted or (stopped_at > 0 and groups >= expected):
            return stopped, stopped_at, recorded
        rows = member[first[worst] : first[worst] + size[worst]]
        kept = _bisect(unit, rows)
        first[groups], size[groups] = first[worst] + kept, size[worst] - kept
        size[worst] = kept
        for i in range(kept, len(rows)):
            assignment[rows[i]] = groups
        heapq.heapreplace(worst_first, (_quality(unit, norm, rows[:kept]), worst))
        heapq.heappush(worst_first, (_quality(unit, norm, rows[kept:]), groups))
        groups += 1


@jit
def _by_group(
    assignment: NDArray[np.int32], groups: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """List the rows group by group: the rows, and where each of ``most`` groups starts and ends."""
    size = np.zeros(most, np.int64)
    for group in assignment:
        size[group] += 1
    first = np.zeros(most, np.int64)
    for g in range(1, groups):
        first[g] = first[g - 1] + size[g - 1]
    free = first.copy()
    member = np.empty(len(assignment), np.int64)
    for i in range(len(assignment)):
        member[free[assignment[i]]] = i
        free[assignment[i]] += 1
    return member, first, size


@jit
def _quality(
    unit: NDArray[np.float32], norm: NDArray[np.float32], rows: NDArray[np.int64]
) -> float:
    """Return the average cosine between the rows and their mean; 0 where the mean is 0."""
    if len(rows) == 1:
        return 1.0
    d = unit.shape[1]
    mean = np.zeros(d, np.float64)
    direction = np.zeros(d, np.float64)
    for i in rows:
        for f in range(d):
            mean[f] += norm[i] * unit[i, f]
            direction[f] += unit[i, f]
    along = 0.0
    length = 0.0
    for f in range(d):
        along += mean[f] * direction[f]
        length += mean[f] * mean[f]
    return min(1.0, along / np.sqrt(length) / len(rows)) if length > 0 else 0.0


@jit
def _bisect(unit: NDArray[np.float32], rows: NDArray[np.int64]) -> int:
    """Reorder ``rows`` into two groups; return the size of the first, between 1 and n - 1."""
    n = len(rows)
    one, other = _all_pairs(unit[rows]) if n <= MOST_COMPARED else _back_and_forth(unit, rows)
    first, last = unit[rows[one]], unit[rows[other]]
    second = np.empty(n, np.int64)
    kept = 0
    for i in range(n):
        row = unit[rows[i]]
        if (_cosine(row, first) >= _cosine(row, last) and i != other) or i == one:
            rows[kept] = rows[i]
            kept += 1
        else:
            second[i - kept] = rows[i]
    rows[kept:] = second[: n - kept]
    return kept


@jit
def _all_pairs(unit: NDArray[np.float32]) -> tuple[int, int]:
    """Return the two least similar of at least two rows, the first such pair."""
    columns, bias = lay_out(-unit)
    bias[: len(unit)] = 0
    some = np.empty((ROWS, len(bias)), np.float32)
    highest = -np.float32(np.inf)
    one, other = 0, 1
    for start in range(0, len(unit), ROWS):
        first = start - start % LANES  # pairs with the rows before have been looked at
        width = len(bias) - first
        scores(unit, start, columns[:, first:], bias[first:], some)
        for i in range(start, min(len(unit), start + ROWS)):
            similar = some[i - start, :width]
            similar[i - first] = -np.inf
            j = first_largest(similar)
            if similar[j] > highest:
                highest, one, other = similar[j], i, first + j
    return one, other


@jit
def _back_and_forth(unit: NDArray[np.float32], rows: NDArray[np.int64]) -> tuple[int, int]:
    """Return two rows of which neither has a less similar row, by going from one to the next."""
    one, other, lowest = 0, 0, np.float32(2)
    while True:
        least = np.float32(2)
        at = 0
        for i in range(len(rows)):
            similar = _cosine(unit[rows[i]], unit[rows[other]])
            if similar < least and i != other:
                least, at = similar, i
        if least >= lowest:
            return min(one, other), max(one, other)
        one, other, lowest = other, at, least


@jit
def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> np.float32:
    """Return the product of two rows of length 1."""
    total = np.float32(0)
    for f in range(len(one)):
        total += one[f] * other[f]
    return total

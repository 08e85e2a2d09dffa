"""Adaptive cluster-and-split (paper, section 4.3): split the least coherent group in two, again."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


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
    resembles more (the first on a tie). Splitting stops when the smallest quality reaches
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
    quality = np.empty(most, np.float64)
    for g in range(groups):
        quality[g] = _quality(unit, norm, member[first[g] : first[g] + size[g]])
    stopped = assignment
    stopped_at = 0
    recorded = 1.0
    while True:
        worst = np.argmin(quality[:groups])
        exhausted = size[worst] < 2 or groups == most
        if groups == expected:
            recorded = quality[worst]
        reached = groups >= expected if np.isnan(threshold) else quality[worst] >= threshold
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
        quality[worst] = _quality(unit, norm, rows[:kept])
        quality[groups] = _quality(unit, norm, rows[kept:])
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
    mean = np.zeros(d, np.float32)
    direction = np.zeros(d, np.float32)
    for i in rows:
        for f in range(d):
            mean[f] += norm[i] * unit[i, f]
            direction[f] += unit[i, f]
    along = np.float32(0)
    length = np.float32(0)
    for f in range(d):
        along += mean[f] * direction[f]
        length += mean[f] * mean[f]
    if length == np.float32(0):
        return 0.0
    return min(1.0, float(along / np.sqrt(length) / len(rows)))


@jit
def _bisect(unit: NDArray[np.float32], rows: NDArray[np.int64]) -> int:
    """Reorder ``rows`` into two groups; return the size of the first, between 1 and n - 1."""
    n = len(rows)
    columns = np.empty((unit.shape[1], n), np.float32)
    for i in range(n):
        columns[:, i] = unit[rows[i]]
    to_one, to_other = np.empty(n, np.float32), np.empty(n, np.float32)
    lowest = np.float32(2)
    one, other = 0, 1
    for i in range(n - 1):
        _cosines(columns, i, to_one)
        for j in range(i + 1, n):
            if to_one[j] < lowest:
                lowest, one, other = to_one[j], i, j
    _cosines(columns, one, to_one)
    _cosines(columns, other, to_other)
    second = np.empty(n, np.int64)
    kept = 0
    for i in range(n):
        if (to_one[i] >= to_other[i] and i != other) or i == one:
            rows[kept] = rows[i]
            kept += 1
        else:
            second[i - kept] = rows[i]
    rows[kept:] = second[: n - kept]
    return kept


@jit
def _cosines(columns: NDArray[np.float32], i: int, out: NDArray[np.float32]) -> None:
    """Write the products of column i with every column of float32[d, n] to ``out``."""
    out[:] = np.float32(0)
    for f in range(len(columns)):
        for j in range(len(out)):
            out[j] += columns[f, i] * columns[f, j]

"""K-means of a large matrix, on all threads.

It starts from twice as many centres as are wanted, drawn in a few rounds by k-means||, of
which Ward's agglomeration leaves the wanted number. That takes a few products of large matrices
instead of one pass over the rows for each centre, and Lloyd's algorithm has little left to do: its
inertia is lower than from k-means++, by a tenth on the updates of a federation.

With very many centres the rows are first divided into cells, each of which is clustered by itself.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels import ward
from fedras.kernels.means import all_move, drop_empty, sizes
from fedras.kernels.nearest import all_take_over, lay_out, squared_distances
from fedras.kernels.seeding import in_rounds

CELL = 512
"""How many centres a cell has on average; so many and up to twice as many need no cells."""

_MORE = 2
"""How many times as many centres as are wanted it starts from."""

_ROUNDS = 3
"""The rounds of drawing them."""

_SAMPLE = 128
"""With more rows per centre than this, a sample of so many decides where the centres are."""

_SETTLED = 10
"""The iterations end when no more than one row in so many changes its group."""

_COARSE = 3
"""The iterations of dividing the rows into cells."""

_LEFT = 8
"""A cell keeps at least one in so many of the centres that it started from."""

Floats = NDArray[np.float32]
Groups = tuple[NDArray[np.float32], NDArray[np.int32]]


def cluster_large(x: Floats, k: int, iterations: int, key: np.uint64) -> Groups:
    """Cluster ``x``, float32[n, d], into at most k <= n groups; see `fedras.kernels.kmeans`."""
    return flat(x, k, iterations, key) if k <= 2 * CELL else in_cells(x, k, iterations, key)


def flat(x: Floats, k: int, iterations: int, key: np.uint64) -> Groups:
    """Cluster ``x`` as a whole; first a sample of it, if there are very many rows."""
    step = max(1, len(x) // (_SAMPLE * _MORE * k))
    sample = np.ascontiguousarray(x[::step])
    centroids, count, assignment = _start(sample, _MORE * k, key)
    centroids, assignment = _lloyd(
        sample, ward.merge(centroids, count, min(k, len(count)))[assignment], iterations
    )
    return (centroids, assignment) if step == 1 else _lloyd(x, _nearest(x, centroids), iterations)


def in_cells(x: Floats, k: int, iterations: int, key: np.uint64) -> Groups:
    """Cluster cell by cell.

    A cell's share of the first centres is its share of the inertia. The merges that are made are
    the cheapest of all cells, so a cell keeps as many centres as are worth most there.
    """
    centres, cell_of = flat(x, math.ceil(k / CELL), _COARSE, key)
    ends = np.cumsum(sizes(cell_of, len(centres)))
    cells = np.split(np.argsort(cell_of, kind="stable"), ends[:-1])
    apart = np.empty(len(x), np.float32)
    squared_distances(x, centres, cell_of, apart)
    inertia = [math.fsum(apart[rows]) for rows in cells]
    if (whole := math.fsum(inertia)) == 0:
        return centres, cell_of
    merges, added = [], []
    assignment = np.empty(len(x), np.int32)
    for rows, own in zip(cells, inertia, strict=True):
        share = min(len(rows), max(1, round(_MORE * k * own / whole)))
        centroids, count, assignment[rows] = _start(x[rows], share, key)
        pairs, costs = ward.merges(centroids, count, math.ceil(len(centroids) / _LEFT))
        merges.append((pairs, len(centroids)))
        added.append(np.maximum.accumulate(costs))
    spare = sum(m for _, m in merges) - k
    dearest = np.sort(np.concatenate(added))[spare - 1] if spare > 0 else -math.inf
    found, base = [], 0
    for rows, (pairs, m), costs in zip(cells, merges, added, strict=True):
        group = ward.apply(pairs[: np.searchsorted(costs, dearest, side="right")], m)
        centroids, own_groups = _lloyd(x[rows], group[assignment[rows]], iterations)
        assignment[rows] = own_groups + np.int32(base)
        found.append(centroids)
        base += len(centroids)
    return np.concatenate(found), assignment


def _start(
    x: Floats, most: int, key: np.uint64
) -> tuple[Floats, NDArray[np.int64], NDArray[np.int32]]:
    """Return the means and sizes of up to ``most`` groups, and each row's group."""
    centroids, assignment = in_rounds(x, min(most, len(x)), _ROUNDS, key)
    count = sizes(assignment, len(centroids))
    used = drop_empty(centroids, count, assignment)
    all_move(x, assignment, count[:used], centroids[:used])
    return centroids[:used], count[:used], assignment


def _lloyd(x: Floats, assignment: NDArray[np.int32], iterations: int) -> Groups:
    """Move the centroids to the means and assign again, until few rows change their group."""
    count = sizes(assignment, int(assignment.max()) + 1)
    centroids = np.empty((len(count), x.shape[1]), np.float32)
    all_move(x, assignment, count, centroids)
    for _ in range(iterations - 1):
        before, assignment = assignment, _nearest(x, centroids)
        count = sizes(assignment, len(centroids))
        all_move(x, assignment, count, centroids)
        if np.count_nonzero(before != assignment) * _SETTLED <= len(x):
            break
    return centroids[: drop_empty(centroids, count, assignment)], assignment


def _nearest(x: Floats, centroids: Floats) -> NDArray[np.int32]:
    """Return each row's nearest centroid."""
    assignment = np.empty(len(x), np.int32)
    all_take_over(x, *lay_out(centroids), 0, np.full(len(x), -np.inf, np.float32), assignment)
    return assignment

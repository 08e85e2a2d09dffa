"""Groups of rows: K-means of any size, Ward's agglomeration, cluster and split.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
a ValueError. A key is that of a stream of random numbers (`fedras.rng`). Whatever runs on all
threads has the same bits on any number of them.
"""

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s

FEW: int
"""Of so many centroids `take_over_few` finds the nearest faster than `take_over`."""

MOST_COMPARED: int
"""The largest group of which `split` compares all pairs of rows."""

def cluster(
    values: Float32s, k: int, iterations: int, key: np.uint64, *, large: int = 1 << 20
) -> tuple[Float32s, Int32s]:
    """Cluster the rows of float32[n, d] into at most ``k`` non-empty groups; see `cluster_all`.

    Returns the centroids, float32[k, d], and the number of each row's group, int32[n].
    """

def cluster_all(
    values: Float32s,
    starts: Int64s,
    counts: Int64s,
    k: int,
    iterations: int,
    keys: UInt64s,
    *,
    large: int = 1 << 20,
) -> tuple[Float32s, Int64s, Int32s, Int64s]:
    """Cluster each of some matrices by itself: K-means, Lloyd's algorithm from a good start.

    A small matrix starts from k-means++ (Arthur and Vassilvitskii, SODA 2007); rows with no more
    than k distinct values are represented exactly. A large one has an algorithm of its own
    (`flat`, `in_cells`). One that holds a NaN or infinity becomes one group around NaN.

    Parameters
    ----------
    values, starts, counts
        float32[m, d], and int64[C] each: matrix c is the ``counts[c]`` rows from ``starts[c]`` on.
    k
        The largest number of groups of each; no more than rows are used.
    iterations
        Of Lloyd's algorithm at most, the first from the start's own assignment; it ends earlier
        when no row changes its group, or in a large matrix no more than one in ten: what follows
        lowers the inertia by less than a hundredth.
    keys
        uint64[C], one stream of random numbers per matrix.
    large
        A matrix is large that has so many pairs of a row and a group.

    Returns
    -------
    The fields of `codecs.groups.Groups`.
    """

def flat(
    values: Float32s, k: int, iterations: int, key: np.uint64, sample: int = 128
) -> tuple[Float32s, Int32s]:
    """Cluster a large matrix as a whole, on all threads; returns what `cluster` returns.

    Twice as many centres as are wanted are drawn by `in_rounds`, of which Ward's agglomeration
    (`merges`) leaves the wanted number. With more than ``sample`` rows for each of these centres a
    sample of so many decides where they are. Values are finite, as their squares are.
    """

def in_cells(
    values: Float32s, k: int, iterations: int, key: np.uint64, cell: int = 512
) -> tuple[Float32s, Int32s]:
    """Cluster a very large matrix cell by cell, of ``cell`` centres on average.

    A cell's share of the first centres is its share of the inertia. The merges that are made are
    the cheapest of all cells. Takes and returns what `flat` does.
    """

def cluster_large(
    values: Float32s, k: int, iterations: int, key: np.uint64, cell: int = 512
) -> tuple[Float32s, Int32s]:
    """Do what `flat` does, or `in_cells` for more than twice ``cell`` groups."""

def means(values: Float32s, assignment: Int32s, k: int) -> Float32s:
    """Return float32[k, d], the mean of each group's rows; that of an empty group is 0."""

def directions(values: Float32s) -> tuple[Float32s, Float32s]:
    """Return the rows of float32[n, d] at length 1, and their lengths, float32[n], all positive."""

def split(
    unit: Float32s,
    norm: Float32s,
    assignment: Int32s,
    groups: int,
    expected: int,
    most: int,
    threshold: float,
) -> tuple[Int32s, int, float]:
    """Split groups until all are coherent (paper, section 4.3).

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

def one_by_one(values: Float32s, k: int, key: np.uint64) -> tuple[Float32s, Int32s, bool]:
    """Draw up to k rows as centres by k-means++ and assign each row to its nearest.

    Returns the centres, fewer than k if no other rows remain, each row's, int32[n], and whether
    every row is one of them.
    """

def in_rounds(values: Float32s, most: int, rounds: int, key: np.uint64) -> tuple[Float32s, Int32s]:
    """Draw up to ``most`` rows as centres by k-means|| (Bahmani et al., VLDB 2012).

    The first is any row; then each round draws an equal share. A row that is drawn twice is one
    centre. Returns the centres, float32[m, d], and each row's nearest, int32[n].
    """

def take_over(
    values: Float32s, centroids: Float32s, offset: int, score: Float32s, assignment: Int32s
) -> None:
    """Assign each row to its nearest centroid, the first of equals, if that improves its score.

    The score of a row and a centroid is x.c - |c|^2 / 2. ``score``, float32[n], is minus infinity
    where there is none so far, and ``assignment``, int32[n], numbers centroids from ``offset``;
    both are written in place.
    """

def take_over_few(
    values: Float32s, centroids: Float32s, score: Float32s, assignment: Int32s
) -> None:
    """Do what `take_over` does from 0 on, with rows side by side: the same bits."""

def squared_distances(values: Float32s, centroids: Float32s, assignment: Int32s) -> Float32s:
    """Return how far each row is from its centroid; exactly zero where they are equal."""

def largest_size(values: Float32s) -> float:
    """Return the largest absolute value of float32[n, d], NaN where there is one."""

def merges(centroids: Float32s, count: Int64s, k: int) -> tuple[Int32s, Float32s]:
    """Return the merges that leave ``k`` groups (Ward, Journal of the ASA 58(301), 1963).

    Parameters
    ----------
    centroids, count
        float32[m, d] and int64[m], the groups' means and sizes, no group being empty.

    Returns
    -------
    int32[m - k, 2], in order: the second group goes into the first, which comes before it; and
    float32[m - k], what each merge adds to the inertia, not decreasing but for rounding.
    """

def apply(pairs: Int32s, m: int) -> Int32s:
    """Return int32[m], the group of each of m groups after ``pairs`` of them have merged."""

def back_and_forth(unit: Float32s, rows: Int64s) -> tuple[int, int]:
    """Return two of some rows of which neither has a less similar one, as places in ``rows``."""

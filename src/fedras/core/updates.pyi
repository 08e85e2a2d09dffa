"""Arrays in parts, and rows of matrices: gathered, added, compared and summed over clients.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
a ValueError.
"""

from fedras.arrays import Float32s, Float64s, Int32s, Int64s

def bounds_of(lengths: Int64s) -> Int64s:
    """Return int64[C + 1], where each of C parts of these lengths begins in one array."""

def gather(indptr: Int64s, items: Int32s, rows: Int64s) -> tuple[Int32s, Int64s]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """

def add_rows(matrix: Float32s, rows: Int32s, vectors: Float32s, index: Int32s) -> None:
    """Add ``vectors[index[i]]`` to ``matrix[rows[i]]``, in place."""

def changes(before: Float32s, now: Float32s) -> tuple[Int32s, Float32s]:
    """Return the rows in which two float32[N, d] differ, and by how much.

    int32[n], ascending, and float32[n, d], what was before taken from what is now.
    """

def add_up(
    rows: Int32s,
    bounds: Int64s,
    index: Int32s,
    vectors: Float32s,
    starts: Int64s,
    size: int,
    known: Int32s,
    total: Float64s,
    count: Int64s,
) -> tuple[Int32s, Float64s, Int64s]:
    """Add each client's vectors to the sums of the rows that take them, in the clients' order.

    Parameters
    ----------
    rows, bounds
        int32[n] and int64[C + 1]: client c has the rows ``rows[bounds[c]:bounds[c + 1]]``, strictly
        increasing.
    index, vectors, starts
        int32[n], float32[k, d] and int64[C + 1]: row i takes the vector number ``index[i]`` of its
        client, whose first is ``vectors[starts[c]]``.
    size
        The number of rows of the whole matrix.
    known, total, count
        int32[m], strictly increasing, float64[m, d] and int64[m]: the sums so far of some rows, and
        of how many clients they are.

    Returns
    -------
    The same of all rows that anybody has.
    """

def means(
    rows: Int32s, total: Float64s, count: Int64s, matrix: Float32s, shrink: float | None
) -> tuple[Int32s, Float32s]:
    """Return the means of sums, as what is to be added to a matrix.

    Parameters
    ----------
    rows, total, count
        int32[n], strictly increasing, float64[n, d] and int64[n], positive: the mean of row
        ``rows[i]`` is ``total[i] / count[i]``, in float32.
    matrix, shrink
        float32[N, d], of which each mean loses ``shrink`` times the row, in float32; None for
        nothing.

    Returns
    -------
    int32[n], ascending, and float32[n, d]: the rows whose means are not all zero, and these.
    """

def add_scaled(
    total: Float64s, rows: Int32s, vectors: Float32s, index: Int32s, scale: float
) -> None:
    """Add ``scale`` times the vector ``index[i]`` to row ``rows[i]`` of float64[N, d], in place."""

def agreement(
    total: Float64s, rows: Int32s, vectors: Float32s, index: Int32s, scale: float
) -> float:
    """Return the cosine of an update with the same rows of the total without it.

    ``scale`` is what it was added with, 0 if it was not. The cosine is 0 where either has no
    direction.
    """

def cosine_counts(
    rows: Int32s,
    vectors: Float32s,
    chosen: Int32s,
    other_rows: Int32s,
    other_vectors: Float32s,
    other_chosen: Int32s,
    bins: int,
) -> tuple[float, Int64s]:
    """Return the mean over ``rows`` of the cosine with the other's row of the same number.

    And int64[bins], how many cosines are in each of equal bins from -1 to 1, the last of which has
    1 in it. Row ``rows[i]`` is ``vectors[chosen[i]]``; rows ascend. The cosine is 0 where the other
    has no such row or either is all zero. The sums are float64. Of no rows the mean is 1.
    """

def row_norms(values: Float32s) -> Float64s:
    """Return float64[n], the Euclidean norm of each row of float32[n, d]; none overflows."""

def scaled(values: Float32s, scale: Float64s) -> Float32s:
    """Return each row of float32[n, d] times its scale, float64[n]."""

def by_item(rows: Int32s, size: int) -> tuple[Int64s, Int64s]:
    """Return the places of each item in ``rows``, one item after another, and int64[size + 1].

    Item i stands at ``places[starts[i]:starts[i + 1]]`` of int32[n].
    """

def centres(
    values: Float32s, places: Int64s, starts: Int64s, trimmed: Int64s, out: Float64s
) -> None:
    """Write to float64[size, d], for each item and column, the mean of what trimming leaves.

    Parameters
    ----------
    values
        float32[n, d], the rows of all clients.
    places, starts
        Which of them are of each item (`by_item`).
    trimmed
        int64[size], how many of an item's smallest values are left out in each column, and as many
        of its largest; some must be left.
    out
        Items without values keep what is there.
    """

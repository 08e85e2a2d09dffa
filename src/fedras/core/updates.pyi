"""Arrays in parts, and rows of matrices: gathered, added, compared and summed over clients.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
a ValueError.
"""

from fedras.arrays import Float32s, Int32s, Int64s

def bounds_of(lengths: Int64s) -> Int64s:
    """Return int64[C + 1], where each of C parts of these lengths begins in one array."""

def gather(indptr: Int64s, items: Int32s, rows: Int64s) -> tuple[Int32s, Int64s]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """

def add_rows(matrix: Float32s, rows: Int32s, vectors: Float32s, index: Int32s) -> None:
    """Add ``vectors[index[i]]`` to ``matrix[rows[i]]``, in place."""

def write_change(matrix: Float32s, rows: Int32s, now: Float32s, out: Float32s) -> None:
    """Write float32[n, d] less ``matrix[rows]``; ``out`` may be ``now``."""

def differing(one: Float32s, other: Float32s) -> Int32s:
    """Return the rows, ascending, in which two float32[n, d] differ."""

"""Gathering of ragged rows."""

import numpy as np
from numpy.typing import NDArray


def gather(
    indptr: NDArray[np.int64], items: NDArray[np.int32], rows: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the chosen rows of a ragged array, one after another, and their new bounds.

    Row r of the array is ``items[indptr[r]:indptr[r + 1]]``.
    """
    lengths = indptr[rows + 1] - indptr[rows]
    bounds = np.concatenate(([0], np.cumsum(lengths)))
    index = np.arange(bounds[-1]) + np.repeat(indptr[rows] - bounds[:-1], lengths)
    return items[index], bounds

"""Groups of rows: what K-means finds and actions are made of."""

from typing import NamedTuple

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s


class Groups(NamedTuple):
    """The groups of the rows of one matrix or many, as `core.clustering.cluster_all` returns them.

    Attributes
    ----------
    centroids, first
        float32[k, d] and int64[C + 1]: those of matrix c are
        ``centroids[first[c]:first[c + 1]]``.
    assignment, bounds
        int32[n] and int64[C + 1]: ``assignment[bounds[c]:bounds[c + 1]]`` numbers the groups of
        its rows, each from 0.
    """

    centroids: Float32s
    first: Int64s
    assignment: Int32s
    bounds: Int64s

    @classmethod
    def of(cls, centroids: Float32s, assignment: Int32s) -> "Groups":
        """Return the groups of one matrix."""
        ends = np.array([0, len(centroids)]), np.array([0, len(assignment)])
        return cls(centroids, ends[0], assignment, ends[1])

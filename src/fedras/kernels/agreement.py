"""How far one client's update points where those of the others do."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit


@jit
def add_scaled(
    total: NDArray[np.float64],
    rows: NDArray[np.int32],
    vectors: NDArray[np.float32],
    index: NDArray[np.int32],
    scale: float,
) -> None:
    """Add ``scale`` times the vector ``index[i]`` to row ``rows[i]`` of float64[N, d], in place."""
    for i in range(len(rows)):
        for f in range(vectors.shape[1]):
            total[rows[i], f] += scale * vectors[index[i], f]


@jit
def agreement(
    total: NDArray[np.float64],
    rows: NDArray[np.int32],
    vectors: NDArray[np.float32],
    index: NDArray[np.int32],
    scale: float,
) -> float:
    """Return the cosine of an update with the same rows of the total without it.

    ``scale`` is what it was added with, 0 if it was not. The cosine is 0 where either has no
    direction.
    """
    dot = own = others = 0.0
    for i in range(len(rows)):
        for f in range(vectors.shape[1]):
            x = np.float64(vectors[index[i], f])
            y = total[rows[i], f] - scale * x
            dot += x * y
            own += x * x
            others += y * y
    length = np.sqrt(own) * np.sqrt(others)
    return dot / length if length > 0 else 0.0

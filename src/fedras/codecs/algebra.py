"""Linear algebra on one thread.

The threads of a BLAS make a small product a thousand times slower where something else, such as
our own kernels, holds a core; and with them the last bits depend on how many there are.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
R = TypeVar("R")

_LARGEST = np.finfo(np.float32).max
_limit = ThreadpoolController().wrap(limits=1, user_api="blas")


def one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """Let BLAS and LAPACK use one thread within ``function``."""
    return cast(Callable[P, R], _limit(function))


@one_thread
def multiply(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n, d], the sum of the directions float32[r, n] x float32[r, d]."""
    return to_single(left.T.astype(np.float64) @ right.astype(np.float64))


def to_single(x: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return ``x`` in single precision; what is beyond its range is cut to it."""
    return np.clip(x, -_LARGEST, _LARGEST).astype(np.float32)

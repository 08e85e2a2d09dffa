"""The one place that says how kernels are compiled."""

import os
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np

P = ParamSpec("P")
R = TypeVar("R")

# A sum may be reordered and a product fused, so that loops vectorise. NaN and infinity keep their
# meaning: finiteness is checked with them.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel: cached on disk, float32 sums may be reordered."""
    compiled = numba.njit(cache=True, fastmath=_FASTMATH, error_model="numpy", nogil=True)(function)
    return cast(Callable[P, R], compiled)


def parallel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel whose ``prange`` runs on all threads (`set_threads`)."""
    compiled = numba.njit(
        cache=True, fastmath=_FASTMATH, error_model="numpy", nogil=True, parallel=True
    )(function)
    return cast(Callable[P, R], compiled)


def threads() -> int:
    """Return the number of threads that parallel kernels use."""
    return cast(int, numba.get_num_threads())


def set_threads(count: int | None) -> None:
    """Let parallel kernels use ``count`` threads; None means all that the machine offers."""
    available = cast(int, numba.config.NUMBA_NUM_THREADS)
    numba.set_num_threads(min(count or os.cpu_count() or 1, available))


def balanced(sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the order that deals work out evenly: largest first, dealt in turn to the threads."""
    return np.argsort(-sizes, kind="stable").astype(np.int64)

"""Work for many clients, on all threads, and linear algebra on one."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ContextDecorator, ExitStack
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from fedras.kernels.jit import set_threads, threads

T = TypeVar("T")

_PART = 64  # enough for the calls around the compiled loops to cost little


def for_clients(
    work: Callable[[NDArray[np.int64]], Sequence[T]], sizes: NDArray[np.int64]
) -> list[T]:
    """Do ``work`` for each client, a few of them at a time.

    The threads run compiled loops side by side, and what Python does for one part goes on while
    another is in such a loop.

    Parameters
    ----------
    work
        Gets the numbers of some clients, int64[c], and returns a result for each. It must not
        matter which of them come together.
    sizes
        int64[C], how much work each client is; parts are about equal.

    Returns
    -------
    The C results, in the clients' order.
    """
    parts = max(threads(), -(-len(sizes) // _PART))
    order = np.argsort(-sizes, kind="stable")
    dealt = [order[part::parts] for part in range(min(parts, len(sizes)))]
    several = threads() > 1 and len(dealt) > 1
    results = dict[int, T]()
    with one_blas_thread:  # for all, until the last has ended
        limited = one_blas_thread(work)
        done = _pool(threads()).map(limited, dealt) if several else map(limited, dealt)
        for part, own in zip(dealt, done, strict=True):
            results.update(zip(part.tolist(), own, strict=True))
    return [results[c] for c in range(len(sizes))]


@lru_cache(maxsize=1)
def _pool(workers: int) -> ThreadPoolExecutor:
    # One thread each for the kernels that have a parallel loop of their own.
    return ThreadPoolExecutor(workers, "fedras", initializer=set_threads, initargs=(1,))


os.register_at_fork(after_in_child=_pool.cache_clear)


class _OneBlasThread(threading.local, ContextDecorator):
    """Lets BLAS and LAPACK use one thread: a context, or a decorator, which costs little within it.

    The threads of a BLAS make a small product a thousand times slower where something else, such as
    our own kernels, holds a core; and with them the last bits depend on how many there are.
    """

    def __init__(self) -> None:
        self._within = 0
        self._limit = ExitStack()

    def __enter__(self) -> None:
        if self._within == 0:
            self._limit.enter_context(_libraries.limit(limits=1, user_api="blas"))
        self._within += 1

    def __exit__(self, *_: object) -> None:
        self._within -= 1
        if self._within == 0:
            self._limit.close()


_libraries = ThreadpoolController()
one_blas_thread = _OneBlasThread()

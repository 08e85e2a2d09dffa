"""Work for many clients, on all threads, and linear algebra on one."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ContextDecorator, ExitStack, contextmanager, nullcontext
from functools import lru_cache
from typing import TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

from fedras.arrays import Int64s
from fedras.core.threads import set_threads, threads

T = TypeVar("T")

_PART = 64  # enough for the calls around the compiled loops to cost little

# glibc gives memory that was freed back to the system, and each round would get it anew, page by
# page: a fifth of a round with NCF. Once a block as large as this was freed, the largest that
# counts, it keeps up to twice as much. Elsewhere this does nothing.
np.empty(31 << 20, np.uint8)


def for_clients(work: Callable[[Int64s], Sequence[T]], sizes: Int64s) -> list[T]:
    """Do ``work`` for each client, a few of them at a time.

    The threads, of which this is one, run compiled loops side by side, and what Python does for one
    part goes on while another is in such a loop.

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
    dealt = iter([order[part::parts] for part in range(min(parts, len(sizes)))])
    results = dict[int, T]()

    @one_blas_thread
    def serve() -> None:
        for part in dealt:
            results.update(zip(part.tolist(), work(part), strict=True))

    helpers = min(threads(), len(sizes)) - 1
    with one_blas_thread:  # for all, until the last has ended
        helping = [_pool(threads() - 1).submit(serve) for _ in range(helpers)]
        try:
            with _one_thread() if helping else nullcontext():
                serve()
        finally:
            wait(helping)
    for helper in helping:
        helper.result()
    return [results[c] for c in range(len(sizes))]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let this thread's own parallel loops use no other thread for a while."""
    before = threads()
    set_threads(1)
    try:
        yield
    finally:
        set_threads(before)


@lru_cache(maxsize=1)
def _pool(helpers: int) -> ThreadPoolExecutor:
    # One thread each for what has a parallel loop of its own.
    return ThreadPoolExecutor(helpers, "fedras", initializer=set_threads, initargs=(1,))


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

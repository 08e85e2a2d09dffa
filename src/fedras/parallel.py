"""Work for many clients, on all threads, and linear algebra on one."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ContextDecorator, contextmanager, nullcontext
from functools import lru_cache
from typing import Any, TypeVar

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


class _OneBlasThread(ContextDecorator):
    """Lets BLAS and LAPACK use one thread: a context, or a decorator, which costs little within it.

    The threads of a BLAS make a small product a thousand times slower where something else, such as
    our own loops, holds a core; and with them the last bits depend on how many there are. So they
    come back only when the last thread of this process has left.
    """

    def __init__(self) -> None:
        self._own = threading.local()
        self._lock, self._users = threading.Lock(), 0
        self._before: list[tuple[Any, int]] = []

    def __enter__(self) -> None:
        self._own.depth = getattr(self._own, "depth", 0) + 1
        if self._own.depth == 1:
            with self._lock:
                if self._users == 0:
                    found = [each for each in _libraries.lib_controllers if each.user_api == "blas"]
                    self._before = [(library, library.num_threads) for library in found]
                self._users += 1
                for library, _ in self._before:
                    _limit(library, 1)

    def __exit__(self, *_: object) -> None:
        self._own.depth -= 1
        if self._own.depth == 0:
            with self._lock:
                self._users -= 1
                for library, count in self._before if self._users == 0 else []:
                    _limit(library, count)

    def unlock(self) -> None:
        """Forget, in a fork, what threads that are not there may have held."""
        self._lock = threading.Lock()


def _limit(library: Any, count: int) -> None:
    library.set_num_threads(count)
    if hasattr(library, "clear_controlling_thread"):  # else only this thread could change it again
        library.clear_controlling_thread()


_libraries = ThreadpoolController()
one_blas_thread = _OneBlasThread()

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_pool.cache_clear)
    os.register_at_fork(after_in_child=one_blas_thread.unlock)

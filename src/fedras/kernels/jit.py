"""The one place that says how kernels are compiled.

Floating point is strict: the compiler may neither reorder a sum nor fuse a product. Otherwise a
process that compiles a kernel and one that loads it from the cache would differ in the last bit,
and so would two machines. Loops vectorise all the same where the innermost index is not the one
summed over.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba
import platformdirs
from numba.core import caching as _caching

numba_config: Any = numba.config
caching: Any = _caching

P = ParamSpec("P")
R = TypeVar("R")


def _cache_folder() -> str:
    """Return the folder for compiled kernels: one for each version of the kernels' sources.

    Numba knows when the file of a function has changed, but not when one that it calls has; so
    whatever kernels call lives in this package, and any change to it starts a new folder.
    """
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.blake2b(b"".join(path.read_bytes() for path in sources), digest_size=8)
    base = os.environ.get("FEDRAS_CACHE") or platformdirs.user_cache_dir("fedras")
    return str(Path(base) / "kernels" / digest.hexdigest())


# By default idle OpenMP threads spin. Where another process has one of the cores, each start of a
# parallel loop then waits for the scheduler: 8 ms instead of 9 microseconds. OpenMP reads this when
# the first parallel loop runs.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

if not os.environ.get("NUMBA_CACHE_DIR"):
    numba_config.CACHE_DIR = _cache_folder()


def jit(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel and cache it on disk."""
    return _compiled(function)


def long(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel that takes long enough to let other threads run Python meanwhile."""
    return _compiled(function, nogil=True)


def parallel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a kernel whose ``prange`` runs on all threads (`set_threads`)."""
    return _compiled(function, nogil=True, parallel=True)


def _compiled(
    function: Callable[P, R], nogil: bool = False, parallel: bool = False
) -> Callable[P, R]:
    compiled: Any = numba.njit(error_model="numpy", nogil=nogil, parallel=parallel)(function)
    with suppress(RuntimeError):  # nowhere to keep it; `_say_slow` has said so
        compiled._cache = _Cache(function)
    return cast(Callable[P, R], compiled)


class _Locator(caching.UserProvidedCacheLocator):  # type: ignore[misc]
    """Our folder or none: Numba's other places do not know the version of all kernels."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return where a function is kept, None where nothing can be written."""
        found = super().from_function(py_func, py_file)
        if found is None:
            _say_slow()
        return found


class _Kept(caching.CompileResultCacheImpl):  # type: ignore[misc]
    _locator_classes = (_Locator,)


class _Cache(caching.FunctionCache):  # type: ignore[misc]
    """A cache whose damaged files are written anew; at worst it is no help."""

    _impl_class = _Kept

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return what is kept, or None."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # there is no telling what garbage makes of pickle
            with suppress(OSError):
                self.flush()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, if that can be done."""
        try:
            super().save_overload(sig, data)
        except Exception:  # a full disk, or garbage that cannot be replaced
            _say_slow()


@cache
def _say_slow() -> None:
    print(
        f"fedras: compiled kernels cannot be kept in {numba_config.CACHE_DIR}, so each start takes "
        f"a minute; let FEDRAS_CACHE name a folder that can be written",
        file=sys.stderr,
    )


def threads() -> int:
    """Return the number of threads that parallel kernels use."""
    return numba.get_num_threads()


def set_threads(count: int | None) -> None:
    """Let parallel kernels use ``count`` threads; None means all that the machine offers."""
    available = numba_config.NUMBA_NUM_THREADS
    numba.set_num_threads(min(count or os.cpu_count() or 1, available))


@contextmanager
def one_thread() -> Iterator[None]:
    """Use one thread for a while."""
    before = threads()
    set_threads(1)
    try:
        yield
    finally:
        set_threads(before)

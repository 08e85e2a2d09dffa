"""Work for clients, on any number of threads."""

import os
import platform
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from fedras.arrays import Int64s
from fedras.core.threads import set_threads, threads
from fedras.parallel import for_clients, one_blas_thread


@given(st.lists(st.integers(0, 50), max_size=150), st.integers(1, 2))
def test_results_are_in_the_clients_order(sizes: list[int], count: int) -> None:
    set_threads(count)
    seen: list[int] = []

    def work(part: Int64s) -> list[str]:
        seen.extend(part.tolist())
        return [f"client {c}" for c in part]

    wanted = [f"client {c}" for c in range(len(sizes))]
    assert for_clients(work, np.array(sizes, np.int64)) == wanted
    assert sorted(seen) == list(range(len(sizes)))


def test_parts_are_small_and_equal() -> None:
    set_threads(2)
    sizes = np.random.default_rng(0).integers(1, 100, 300)
    parts: list[Int64s] = []

    def work(part: Int64s) -> list[int]:
        parts.append(part)
        return list(part)

    for_clients(work, sizes)
    amounts = [int(sizes[part].sum()) for part in parts]
    assert max(map(len, parts)) <= 64
    assert max(amounts) < 1.15 * np.mean(amounts)


@pytest.mark.skipif(threads() < 2, reason="one processor")
def test_parts_run_side_by_side_each_with_one_thread_of_the_core() -> None:
    set_threads(2)
    meeting = threading.Barrier(2, timeout=20)

    def work(part: Int64s) -> list[int]:
        meeting.wait()  # passes only if another part is at work
        return [threads()] * len(part)

    assert for_clients(work, np.ones(2, np.int64)) == [1, 1]
    assert threads() == 2


@pytest.mark.parametrize("count", [1, 2])
def test_what_goes_wrong_in_a_part_is_raised(count: int) -> None:
    set_threads(count)

    def work(part: Int64s) -> list[int]:
        raise ValueError(f"of {len(part)} clients")

    with pytest.raises(ValueError, match="clients"):
        for_clients(work, np.ones(40, np.int64))


def blas_threads() -> set[int]:
    """Return how many threads the BLAS of NumPy has, which may not be the only one."""
    libraries = [each for each in threadpool_info() if "numpy" in each["filepath"]]
    return {each["num_threads"] for each in libraries if each["user_api"] == "blas"}


@pytest.mark.skipif(not blas_threads(), reason="NumPy brings no BLAS of its own")
def test_blas_has_one_thread_until_the_outermost_ends() -> None:
    with threadpool_limits(2, user_api="blas"):
        with one_blas_thread:
            one_blas_thread(lambda: None)()
            assert blas_threads() == {1}
        assert blas_threads() == {2}


@pytest.mark.skipif(not blas_threads(), reason="NumPy brings no BLAS of its own")
@pytest.mark.parametrize("count", [1, 2])
def test_work_for_clients_has_one_blas_thread(count: int) -> None:
    set_threads(count)
    with threadpool_limits(2, user_api="blas"):
        seen = for_clients(lambda part: [blas_threads()] * len(part), np.ones(3, np.int64))
        assert seen == [{1}] * 3
        assert blas_threads() == {2}


@pytest.mark.skipif(not blas_threads(), reason="NumPy brings no BLAS of its own")
def test_blas_has_one_thread_until_the_last_of_several_threads_has_left() -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread:
            inside.set()
            leave.wait(20)

    with threadpool_limits(2, user_api="blas"):
        thread = threading.Thread(target=other)
        with one_blas_thread:
            thread.start()
            assert inside.wait(20)
        assert blas_threads() == {1}
        leave.set()
        thread.join()
        assert blas_threads() == {2}


_FORK = """
import multiprocessing, sys
import numpy as np
from fedras.core.threads import set_threads
from fedras.core.updates import by_item, centres
from fedras.parallel import for_clients

def centre(part):
    set_threads(2)
    values = np.random.default_rng(0).normal(size=(4000, 2)).astype(np.float32)
    places, starts = by_item(np.arange(4000, dtype=np.int32) % 900, 900)
    out = np.zeros((900, 2))
    centres(values, places, starts, np.zeros(900, np.int64), out)
    return [out.sum()] * len(part)

def work(_):
    set_threads(2)
    return sum(for_clients(centre, np.ones(300, np.int64)))

if __name__ == "__main__":
    expected = work(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(work, range(4)).get(60)
    print(found == [expected] * 4)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_forks_of_a_process_that_has_worked_work_too() -> None:
    command = [sys.executable, "-W", "ignore", "-c", _FORK]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    assert done.stdout == "True\n"


_TOUCH = """
import resource
import numpy as np
{}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(1 << 20)
before = faults()
for _ in range(20):
    np.ones(1 << 20)
print(faults() - before)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back so soon"
)
def test_memory_that_was_freed_is_not_fetched_again() -> None:
    def faults(line: str) -> int:
        command = [sys.executable, "-c", _TOUCH.format(line)]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert faults("import fedras.parallel") <= faults("") / 10

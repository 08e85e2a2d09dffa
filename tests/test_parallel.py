"""Work for clients, on any number of threads."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fedras.kernels.jit import set_threads, threads
from fedras.parallel import for_clients


@given(st.lists(st.integers(0, 50), max_size=150), st.integers(1, 2))
def test_results_are_in_the_clients_order(sizes: list[int], count: int) -> None:
    set_threads(count)
    seen: list[int] = []

    def work(part: NDArray[np.int64]) -> list[str]:
        seen.extend(part.tolist())
        return [f"client {c}" for c in part]

    wanted = [f"client {c}" for c in range(len(sizes))]
    assert for_clients(work, np.array(sizes, np.int64)) == wanted
    assert sorted(seen) == list(range(len(sizes)))


def test_parts_are_small_and_equal() -> None:
    set_threads(2)
    sizes = np.random.default_rng(0).integers(1, 100, 300)
    parts: list[NDArray[np.int64]] = []

    def work(part: NDArray[np.int64]) -> list[int]:
        parts.append(part)
        return list(part)

    for_clients(work, sizes)
    amounts = [int(sizes[part].sum()) for part in parts]
    assert max(map(len, parts)) <= 64
    assert max(amounts) < 1.15 * np.mean(amounts)


@pytest.mark.skipif(threads() < 2, reason="one processor")
def test_parts_run_side_by_side_each_with_one_thread_for_its_kernels() -> None:
    set_threads(2)
    meeting = threading.Barrier(2, timeout=20)

    def work(part: NDArray[np.int64]) -> list[int]:
        meeting.wait()  # passes only if another part is at work
        return [threads()] * len(part)

    assert for_clients(work, np.ones(2, np.int64)) == [1, 1]
    assert threads() == 2


@pytest.mark.parametrize("count", [1, 2])
def test_what_goes_wrong_in_a_part_is_raised(count: int) -> None:
    set_threads(count)

    def work(part: NDArray[np.int64]) -> list[int]:
        raise ValueError(f"of {len(part)} clients")

    with pytest.raises(ValueError, match="clients"):
        for_clients(work, np.ones(40, np.int64))

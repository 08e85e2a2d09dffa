"""What is noted of a round beside its numbers: how rows are spread, who pays what, and the time."""

from collections import Counter

import numpy as np
import pytest
from helpers.small_federation import HETEROGENEOUS, simulation
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fedras.codecs import RowUpdate
from fedras.federation.clock import Clock, add_to
from fedras.federation.spread import cluster_sizes, cosines, spread


def update(
    rows: list[int], vectors: list[list[float]], index: list[int] | None = None
) -> RowUpdate:
    which = None if index is None else np.array(index, np.int32)
    return RowUpdate(np.array(rows, np.int32), np.array(vectors, np.float32), 100, which)


def test_cluster_sizes_are_counted_by_powers_of_two() -> None:
    heard = update([*range(13)], [[1.0], [2.0], [3.0], [4.0]], [0, 1, 1, 2, 2, 2] + [3] * 7)
    assert cluster_sizes(heard) == {"1": 1, "2": 2, "4": 1}
    assert cluster_sizes(update([1], [[1.0]], [0])) == {"1": 1}
    assert cluster_sizes(update([1, 2], [[1.0], [2.0]])) == {}


def test_cosines_are_of_the_same_rows() -> None:
    wanted = update([1, 4, 7, 9], [[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [3.0, 0.0]])
    heard = update([1, 2, 7, 9], [[5.0, 0.0], [1.0, 1.0], [0.0, -1.0], [0.0, 0.0]])
    assert cosines(wanted, heard) == {"0.9": 1, "0.0": 2, "-1.0": 1}
    nothing = RowUpdate(np.empty(0, np.int32), np.empty((0, 2), np.float32), 100)
    assert cosines(wanted, nothing) == {"0.0": 4}
    assert cosines(nothing, wanted) == {}


SIZES = st.floats(2**-10, 8, width=32)  # squares of much smaller ones are 0 in float32
NUMBERS = st.one_of(st.just(0.0), SIZES, SIZES.map(lambda each: -each))


@given(st.integers(1, 12), st.data())
def test_the_mean_lies_in_the_bins(n: int, data: st.DataObject) -> None:
    rows = np.arange(n, dtype=np.int32)
    one, other = (data.draw(arrays(np.float32, (n, 3), elements=NUMBERS)) for _ in range(2))
    wanted, heard = RowUpdate(rows, one, n), RowUpdate(rows, other, n)
    found = cosines(wanted, heard)
    assert found.total() == n
    least = sum(float(low) * count for low, count in found.items()) / n
    assert least - 1e-5 <= spread([(wanted, heard)], [1]).cosine <= least + 0.1 + 1e-5


def test_what_budgets_pay_adds_up() -> None:
    federation = simulation(**HETEROGENEOUS)
    sent, received, total = Counter[str](), Counter[str](), Counter[str]()
    for _ in range(8):
        result = federation.step()
        sent.update(result.sent)
        received.update(result.received)
        total.update(up=result.uplink.sent.total(), down=result.fetched.sent.total())
    assert (sent.total(), received.total()) == (total["up"], total["down"])
    assert sent.keys() == {str(stream.budget) for stream in federation.server.streams}


def test_phases_are_all_of_a_round() -> None:
    federation = simulation()
    clock = Clock()
    result = federation.step()
    clock.lap("whole")
    assert {*result.seconds} == {
        "training", "coding", "averaging", "publishing", "measuring", "replicas",
    }  # fmt: skip
    assert all(each >= 0 for each in result.seconds.values())
    assert sum(result.seconds.values()) <= clock.seconds["whole"]


def test_times_add_up() -> None:
    seconds = {"one": 1.0}
    add_to(seconds, {"one": 0.5, "two": 2.0})
    assert seconds == pytest.approx({"one": 1.5, "two": 2.0})

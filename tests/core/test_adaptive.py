"""Cluster-and-split against its definition, computed plainly in float64."""

import math

import numpy as np
import pytest
from helpers import twin
from helpers.streams import Stream

from fedras.arrays import Float32s, Int32s
from fedras.core import clustering
from fedras.core.threads import set_threads

Assignment = Int32s

SHAPES = [(5, 2), (12, 3), (30, 4), (40, 8)]


def rows(n: int, d: int, seed: int) -> Float32s:
    return np.random.default_rng([n, d, seed]).normal(size=(n, d)).astype(np.float32)


def start(n: int, groups: int) -> Assignment:
    return (np.arange(n) % groups).astype(np.int32)


def split(
    values: Float32s,
    assignment: Assignment,
    expected: int,
    most: int,
    threshold: float = math.nan,
) -> tuple[Assignment, int, float]:
    groups = int(assignment.max()) + 1
    return clustering.split(
        *clustering.directions(values), assignment, groups, expected, most, threshold
    )


def qualities(values: Float32s, assignment: Assignment) -> list[float]:
    """AvgCosSim of each group, from the paper's formula."""
    result = []
    for group in sorted(set(assignment.tolist())):
        mine = values[assignment == group].astype(np.float64)
        centre = mine.mean(axis=0)
        cosines = mine @ centre / np.linalg.norm(mine, axis=1) / np.linalg.norm(centre)
        result.append(float(cosines.mean()))
    return result


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("threshold", [-2.0, 0.3, 0.6, 0.9, 0.99, 2.0])
def test_laws(shape: tuple[int, int], seed: int, threshold: float) -> None:
    values = rows(*shape, seed)
    before = start(shape[0], 2)
    most = min(shape[0], 10)
    after, groups, _ = split(values, before, 4, most, threshold)
    assert sorted(set(after.tolist())) == list(range(groups))
    assert 2 <= groups <= most
    for group in range(groups):  # nothing is ever merged
        assert len(set(before[after == group].tolist())) == 1
    worst = min(qualities(values, after))
    assert worst >= min(threshold, 1.0) - 1e-5 or groups == most
    if threshold < 0:
        assert groups == 2
        assert after.tolist() == before.tolist()
    assert before.tolist() == start(shape[0], 2).tolist()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_threshold_there_are_as_many_groups_as_expected(
    shape: tuple[int, int], seed: int
) -> None:
    values = rows(*shape, seed)
    after, groups, recorded = split(values, start(shape[0], 2), 4, 5)
    assert groups == 4
    assert recorded == pytest.approx(min(qualities(values, after)), abs=1e-5)


@pytest.mark.parametrize("threshold", [-2.0, 0.4, 0.8, 2.0])
def test_the_record_is_taken_at_the_expected_number_wherever_the_stop_is(threshold: float) -> None:
    values = rows(40, 5, 0)
    _, _, wanted = split(values, start(40, 3), 8, 12)
    _, groups, recorded = split(values, start(40, 3), 8, 12, threshold)
    assert recorded == wanted
    assert (groups == 3) == (threshold < 0)
    assert groups == 12 or threshold < 1


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("threshold", [math.nan, 0.5, 0.75, 0.9, 2.0])
def test_is_the_algorithm_of_the_paper(
    seed: int, threshold: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = rows(35, 4, seed)
    before = start(35, 6)
    groups = [np.flatnonzero(before == g).tolist() for g in range(6)]
    monkeypatch.setattr(twin, "kmeans", lambda *_: groups)
    update = {i: row.astype(np.float64) for i, row in enumerate(values)}
    records = [] if math.isnan(threshold) else [threshold]
    wanted, vectors = twin.ada_compress(update, 8, 0.25, records, 1, Stream(0))
    after, used, recorded = split(values, before, 8, 10, threshold)
    assert used == vectors
    assert recorded == pytest.approx(records[-1], abs=1e-5)
    for row in range(35):
        mean = values[after == after[row]].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(mean, wanted[row], atol=1e-6)


def test_equal_directions_are_coherent_whatever_their_lengths() -> None:
    values = np.outer(np.arange(1, 9), [3.0, -4.0]).astype(np.float32)
    after, groups, _ = split(values, start(8, 1), 3, 5, 0.999)
    assert groups == 1
    assert not after.any()


def test_opposite_directions_are_told_apart() -> None:
    values = np.outer([1, -2, 3, -4, 5], [3.0, -4.0]).astype(np.float32)
    after, groups, _ = split(values, start(5, 1), 3, 5, 0.999)
    assert groups == 2
    assert after.tolist() in ([0, 1, 0, 1, 0], [1, 0, 1, 0, 1])


def test_a_row_between_both_goes_to_the_first() -> None:
    values = np.array([[1, 0], [-1, 0], [0, 1]], np.float32)
    after, groups, _ = split(values, start(3, 1), 2, 2)
    assert groups == 2
    assert after.tolist() == [0, 1, 0]


def test_a_group_that_cancels_out_is_the_worst() -> None:
    values = np.array([[1, 0], [-1, 0], [0, 1], [0.6, 0.8]], np.float32)
    after, groups, recorded = split(values, np.array([0, 0, 1, 1], np.int32), 2, 3, 0.5)
    assert recorded == 0
    assert groups == 3
    assert after[0] != after[1]
    assert after[2] == after[3]


def test_rows_that_run_out_of_splits_stop_it() -> None:
    values = np.eye(3, dtype=np.float32)
    after, groups, recorded = split(values, start(3, 1), 3, 3, 2.0)
    assert groups == 3
    assert sorted(after.tolist()) == [0, 1, 2]
    assert recorded == 1


def test_rows_of_one_direction_leave_nothing_to_split() -> None:
    after, groups, recorded = split(np.ones((4, 2), np.float32), start(4, 2), 4, 4, 2.0)
    assert recorded == 1
    assert sorted(set(after.tolist())) == list(range(groups))


def test_directions() -> None:
    values = rows(20, 5, 0) * np.float32(1e-20)
    unit, norm = clustering.directions(values)
    wanted = np.linalg.norm(values.astype(np.float64), axis=1)
    np.testing.assert_allclose(norm, wanted, rtol=1e-6)
    np.testing.assert_allclose(unit, values / wanted[:, None], rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_back_and_forth_ends_at_two_rows_that_have_nobody_less_similar(seed: int) -> None:
    unit, _ = clustering.directions(rows(60, 4, seed))
    some = np.arange(0, 60, 2)
    one, other = clustering.back_and_forth(unit, some)
    cosines = unit[some].astype(np.float64) @ unit[some].T.astype(np.float64)
    assert one < other
    assert cosines[one, other] <= cosines[one].min() + 1e-6
    assert cosines[one, other] <= cosines[other].min() + 1e-6


def test_a_large_group_is_split_as_well() -> None:
    n = clustering.MOST_COMPARED + 100
    values = np.outer(np.where(np.arange(n) % 3, 1, -1), [1.0, 2.0, 3.0]).astype(np.float32)
    values += rows(n, 3, 0) * np.float32(0.01)
    after, groups, recorded = split(values, start(n, 1), 2, 3, 0.9)
    assert groups == 2
    assert recorded > 0.9
    first = after[0]
    assert ((after == first) == (np.arange(n) % 3 == 0)).all()


def test_many_rows_are_split_alike_on_any_number_of_threads() -> None:
    n = 30_000
    values = rows(n, 19, 0) + np.float32(2) * rows(7, 19, 1)[np.arange(n) % 7]
    found = []
    for count in (1, 2, 3):
        set_threads(count)
        unit, norm = clustering.directions(values)
        after, groups, recorded = clustering.split(unit, norm, start(n, 2), 2, 6, 9, math.nan)
        means = clustering.means(values, after, groups)
        found.append((unit.tobytes(), after.tobytes(), groups, recorded, means.tobytes()))
    assert found[0][2] == 6
    assert found[1:] == found[:1] * 2


def test_what_is_no_clustering_is_refused() -> None:
    values = rows(10, 3, 0)
    unit, norm = clustering.directions(values)
    for groups, most in ((1, 4), (5, 4)):  # a row in no group; more groups than there may be
        with pytest.raises(ValueError, match="group"):
            clustering.split(unit, norm, start(10, 2), groups, 3, most, 0.5)

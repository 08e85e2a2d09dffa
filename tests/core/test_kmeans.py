from itertools import pairwise

import numpy as np
import pytest
from helpers import twin
from helpers.streams import Stream
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s, Int32s
from fedras.codecs.groups import Groups
from fedras.core import clustering

KEY = np.uint64(99)


def rows(n: int, d: int, seed: int = 0) -> Float32s:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def inertia(values: Float32s, centroids: Float32s, assignment: Int32s) -> float:
    return float(((values.astype(np.float64) - centroids[assignment]) ** 2).sum())


def members(assignment: Int32s) -> set[frozenset[int]]:
    groups: dict[int, set[int]] = {}
    for row, group in enumerate(assignment.tolist()):
        groups.setdefault(group, set()).add(row)
    return {frozenset(group) for group in groups.values()}


@pytest.mark.parametrize("d", [1, 2, 3, 5, 33])
@pytest.mark.parametrize("k", [1, 2, 7, 16, 17, 33])
@pytest.mark.parametrize("iterations", [1, 2, 10])
def test_is_lloyd_from_the_same_rows(d: int, k: int, iterations: int) -> None:
    values = rows(50, d)
    centroids, assignment = clustering.cluster(values, k, iterations, KEY)
    update = {i: row.astype(np.float64) for i, row in enumerate(values)}
    groups = twin.kmeans(update, k, iterations, Stream(int(KEY)))
    assert members(assignment) == {frozenset(group) for group in groups}
    means = [np.mean([update[i] for i in group], axis=0) for group in groups]
    np.testing.assert_allclose(centroids, means, atol=1e-6)


@given(st.integers(1, 60), st.integers(1, 6), st.integers(1, 40), st.integers(1, 5), st.data())
def test_laws_of_the_groups(n: int, d: int, k: int, iterations: int, data: st.DataObject) -> None:
    distinct = data.draw(st.integers(1, n))  # the fewer, the more rows are equal
    values = rows(distinct, d)[np.arange(n) % distinct]
    centroids, assignment = clustering.cluster(values, k, iterations, KEY)
    assert centroids.shape[1] == d
    assert 1 <= len(centroids) <= min(k, n)
    assert sorted(set(assignment.tolist())) == list(range(len(centroids)))
    for group, centroid in enumerate(centroids):
        mean = values[assignment == group].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(centroid, mean, atol=1e-5)
    for row in range(n):  # equal rows are never told apart
        assert assignment[row] == assignment[row % distinct]


@pytest.mark.parametrize("seed", range(5))
def test_inertia_never_rises_with_iterations(seed: int) -> None:
    values = rows(200, 4, seed)
    steps = [inertia(values, *clustering.cluster(values, 20, i, KEY)) for i in range(1, 15)]
    assert all(b <= a * (1 + 1e-6) for a, b in pairwise(steps))
    assert steps[-1] < steps[0]


def test_ends_where_every_row_is_with_its_nearest_centroid() -> None:
    values = rows(300, 3)
    centroids, assignment = clustering.cluster(values, 12, 1000, KEY)
    distance = ((values[:, None, :].astype(np.float64) - centroids) ** 2).sum(axis=2)
    own = np.take_along_axis(distance, assignment[:, None].astype(np.int64), axis=1)[:, 0]
    np.testing.assert_allclose(own, distance.min(axis=1), atol=1e-5)


@pytest.mark.parametrize("k", [20, 21, 64])
def test_as_many_groups_as_rows_lose_nothing(k: int) -> None:
    values = rows(20, 5)
    centroids, assignment = clustering.cluster(values, k, 3, KEY)
    assert len(centroids) == 20
    assert (centroids[assignment] == values).all()


def test_equal_rows_are_one_group() -> None:
    values = np.repeat(rows(1, 7), 40, axis=0)
    centroids, assignment = clustering.cluster(values, 5, 10, KEY)
    assert len(centroids) == 1
    assert not assignment.any()
    np.testing.assert_allclose(centroids, values[:1], rtol=1e-5)


def test_zero_rows_are_a_group_like_any_other() -> None:
    values = rows(30, 4) + 5
    values[::3] = 0
    centroids, assignment = clustering.cluster(values, 2, 50, np.uint64(3))
    assert len(set(assignment[::3].tolist())) == 1
    assert not centroids[assignment[0]].any()


def test_one_group_is_the_mean() -> None:
    values = rows(1000, 6)
    centroids, assignment = clustering.cluster(values, 1, 10, KEY)
    assert not assignment.any()
    np.testing.assert_allclose(centroids[0], values.astype(np.float64).mean(axis=0), atol=1e-5)


def test_many_at_a_time_are_those_one_by_one_wherever_they_lie() -> None:
    whole = rows(500, 5)
    counts = np.array([40, 3, 1, 200, 17, 40, 8])
    starts = np.array([450, 0, 7, 100, 90, 460, 299])
    keys = np.arange(len(counts), dtype=np.uint64)
    groups = Groups(*clustering.cluster_all(whole, starts, counts, 8, 6, keys))
    for c, (start, count) in enumerate(zip(starts, counts, strict=True)):
        alone = clustering.cluster(whole[start : start + count], 8, 6, keys[c])
        assert groups.centroids[slice(*groups.first[c : c + 2])].tobytes() == alone[0].tobytes()
        own = groups.assignment[slice(*groups.bounds[c : c + 2])]
        assert own.tobytes() == alone[1].tobytes()


def test_nothing_to_cluster() -> None:
    none = np.zeros(0, np.int64)
    groups = clustering.cluster_all(rows(3, 2), none, none, 8, 6, np.zeros(0, np.uint64))
    assert [len(part) for part in groups] == [0, 1, 0, 1]


def test_the_input_stays_as_it_is() -> None:
    values = rows(30, 4)
    before = values.copy()
    clustering.cluster(values, 4, 10, KEY)
    assert (values == before).all()


def test_another_key_starts_from_other_rows() -> None:
    values = rows(200, 8)
    first = members(clustering.cluster(values, 20, 1, np.uint64(1))[1])
    assert first == members(clustering.cluster(values, 20, 1, np.uint64(1))[1])
    assert first != members(clustering.cluster(values, 20, 1, np.uint64(2))[1])


@pytest.mark.parametrize("groups", [1, 3, 10])
def test_means_are_means(groups: int) -> None:
    values = rows(40, 5)
    assignment = (np.arange(40) % groups).astype(np.int32)
    wanted = [values[assignment == g].astype(np.float64).mean(axis=0) for g in range(groups)]
    np.testing.assert_allclose(clustering.means(values, assignment, groups), wanted, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("n", [12, 200_000])
def test_what_is_not_finite_is_one_group_around_nan(bad: float, n: int) -> None:
    values = rows(n, 3)
    values[n // 2, 1] = bad
    centroids, assignment = clustering.cluster(values, 6, 2, KEY)
    assert centroids.shape == (1, 3)
    assert np.isnan(centroids).all()
    assert not assignment.any()


@pytest.mark.parametrize("seed", range(20))
def test_rows_that_are_passed_over_would_not_have_changed(seed: int) -> None:
    """From one start, one iteration: each row is in the group of its nearest drawn centre."""
    sizes = np.random.default_rng(seed).exponential(size=(300, 1)) ** 3
    values = rows(300, 5, seed) * sizes.astype(np.float32)
    centroids, assignment, exact = clustering.one_by_one(values, 9, np.uint64(seed))
    assert (len(centroids), exact) == (9, False)
    apart = ((values[:, None].astype(np.float64) - centroids) ** 2).sum(axis=2)
    chosen = apart[np.arange(300), assignment]
    np.testing.assert_allclose(chosen, apart.min(axis=1), rtol=1e-5)


@pytest.mark.parametrize("wrong", [(-1, 3), (498, 3), (0, -1), (2**62, 2**62)])
def test_only_rows_of_the_matrix_are_read(wrong: tuple[int, int]) -> None:
    start, count = (np.array([part]) for part in wrong)
    with pytest.raises(ValueError, match="outside the rows"):
        clustering.cluster_all(rows(500, 5), start, count, 8, 6, np.zeros(1, np.uint64))


def test_what_cannot_be_clustered_is_refused() -> None:
    values, keys = rows(20, 4), np.zeros(1, np.uint64)
    with pytest.raises(ValueError, match="one group at least"):
        clustering.cluster(values, 0, 1, KEY)
    with pytest.raises(ValueError, match="differ in number"):
        clustering.cluster_all(values, np.zeros(1, np.int64), np.array([3, 4]), 2, 1, keys)
    with pytest.raises(ValueError, match="in no group"):
        clustering.means(values, np.arange(20, dtype=np.int32), 19)
    with pytest.raises(TypeError):
        clustering.cluster(values[:, 1:], 2, 1, KEY)
    with pytest.raises(TypeError):
        clustering.cluster(values.astype(np.float64), 2, 1, KEY)

"""Ward's agglomeration against its definition: try every pair, merge the one that adds least."""

import numpy as np
import pytest

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core import clustering

Groups = list[list[int]]


def sample(m: int, d: int, seed: int = 0) -> tuple[Float32s, Int64s]:
    rng = np.random.default_rng([m, d, seed])
    return rng.normal(size=(m, d)).astype(np.float32), rng.integers(1, 9, m)


def merge(centroids: Float32s, count: Int64s, k: int) -> Int32s:
    pairs, _ = clustering.merges(centroids, count, k)
    return clustering.apply(pairs, len(count))


def inertia(group: list[int], centroids: Float32s, count: Int64s) -> float:
    mine, weight = centroids[group].astype(np.float64), count[group][:, None]
    return float((weight * (mine - (weight * mine).sum(axis=0) / weight.sum()) ** 2).sum())


def slowly(centroids: Float32s, count: Int64s, k: int) -> tuple[Groups, list[float]]:
    groups, added = [[i] for i in range(len(count))], []

    def adds(a: int, b: int) -> float:
        parts = inertia(groups[a], centroids, count) + inertia(groups[b], centroids, count)
        return inertia(groups[a] + groups[b], centroids, count) - parts

    while len(groups) > k:
        pairs = [(a, b) for b in range(len(groups)) for a in range(b)]
        a, b = min(pairs, key=lambda pair: adds(*pair))
        added.append(adds(a, b))
        groups[a] += groups.pop(b)
    return groups, added


@pytest.mark.parametrize(("m", "d"), [(2, 1), (9, 2), (17, 3), (33, 5)])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("left", [1, 4, 100])
def test_each_time_the_two_merge_that_add_least(m: int, d: int, seed: int, left: int) -> None:
    centroids, count = sample(m, d, seed)
    k = min(m, left)
    groups, wanted = slowly(centroids, count, k)
    pairs, added = clustering.merges(centroids, count, k)
    np.testing.assert_allclose(added, wanted, rtol=1e-4)
    assert (pairs[:, 0] < pairs[:, 1]).all()
    group = clustering.apply(pairs, m)
    assert sorted(set(group.tolist())) == list(range(k))
    together = {tuple(np.flatnonzero(group == g)) for g in range(k)}
    assert together == {tuple(sorted(members)) for members in groups}


def test_equal_groups_merge_first_and_add_nothing() -> None:
    centroids, count = sample(6, 3)
    group = merge(np.repeat(centroids, 3, axis=0), np.repeat(count, 3), 6)
    assert group.tolist() == np.repeat(np.arange(6), 3).tolist()


def test_some_of_the_merges_leave_more_groups() -> None:
    centroids, count = sample(12, 2)
    pairs, _ = clustering.merges(centroids, count, 3)
    for k in range(3, 13):
        assert clustering.apply(pairs[: 12 - k], 12).tolist() == merge(centroids, count, k).tolist()


@pytest.mark.parametrize("pair", [(0, 0), (2, 1), (-1, 1), (0, 5)])
def test_pairs_that_are_none_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no two groups"):
        clustering.apply(np.array([pair], np.int32), 5)

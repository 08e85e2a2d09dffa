"""K-means of large matrices; at the sizes of these tests it is asked for."""

import math

import numpy as np
import pytest
from helpers.streams import Stream

from fedras.arrays import Float32s, Int32s
from fedras.codecs.groups import Groups
from fedras.core import clustering
from fedras.core.threads import set_threads

KEY = np.uint64(99)


def rows(n: int, d: int, seed: int = 0) -> Float32s:
    """Many small rows and few large ones, as in an update."""
    rng = np.random.default_rng(seed)
    lengths = rng.lognormal(0, 1, size=(n, 1))
    return (rng.normal(size=(n, d)) * lengths).astype(np.float32)


def inertia(values: Float32s, groups: tuple[Float32s, Int32s]) -> float:
    centroids, assignment = groups
    return float(((values.astype(np.float64) - centroids[assignment]) ** 2).sum())


def require_laws(values: Float32s, k: int, groups: tuple[Float32s, Int32s]) -> None:
    centroids, assignment = groups
    assert len(centroids) <= k
    assert sorted(set(assignment.tolist())) == list(range(len(centroids)))
    for group, centroid in enumerate(centroids):
        mean = values[assignment == group].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(centroid, mean, rtol=1e-5, atol=1e-5)


def slowly_in_rounds(values: Float32s, most: int, rounds: int) -> list[int]:
    """k-means|| in plain loops over float64: the rows that become centres."""
    x = values.astype(np.float64)
    draws = Stream(int(KEY))
    chosen = [draws.below(len(x))]
    for turn in range(rounds):
        apart = [min(float(((row - x[c]) ** 2).sum()) for c in chosen) for row in x]
        start, end = (1 + (most - 1) * t // rounds for t in (turn, turn + 1))
        new = []
        for slice_ in range(end - start):
            target = (slice_ + draws.uniform()) / (end - start) * math.fsum(apart)
            row = next(i for i in range(len(x)) if math.fsum(apart[: i + 1]) > target)
            if row not in new:
                new.append(row)
        chosen += new
    return chosen


@pytest.mark.parametrize("rounds", [1, 2, 3])
@pytest.mark.parametrize(("n", "d", "most"), [(5, 2, 5), (30, 3, 10), (60, 4, 20)])
def test_centres_are_drawn_in_rounds(n: int, d: int, most: int, rounds: int) -> None:
    values = rows(n, d)
    centroids, assignment = clustering.in_rounds(values, most, rounds, KEY)
    wanted = slowly_in_rounds(values, most, rounds)
    assert centroids.tolist() == values[wanted].tolist()
    apart = ((values[:, None].astype(np.float64) - centroids) ** 2).sum(axis=2)
    assert assignment.tolist() == apart.argmin(axis=1).tolist()


def test_equal_rows_are_drawn_once() -> None:
    centroids, assignment = clustering.in_rounds(np.ones((50, 3), np.float32), 10, 3, KEY)
    assert centroids.tolist() == [[1, 1, 1]]
    assert not assignment.any()


@pytest.mark.parametrize("k", [1, 2, 30, 299, 300])
@pytest.mark.parametrize("iterations", [1, 2, 10])
def test_laws_of_the_groups(k: int, iterations: int) -> None:
    values = rows(300, 5)
    for cluster in (clustering.flat, clustering.in_cells):
        require_laws(values, k, cluster(values, k, iterations, KEY))


@pytest.mark.parametrize("k", [3, 40])
def test_laws_where_a_sample_decides(k: int) -> None:
    values = rows(2000, 5)
    require_laws(values, k, clustering.flat(values, k, 10, KEY, sample=2))


def test_loses_less_than_k_means_plus_plus_alone() -> None:
    values = rows(4000, 16)
    start = inertia(values, clustering.cluster(values, 200, 10, KEY))
    assert inertia(values, clustering.flat(values, 200, 10, KEY)) < 0.98 * start


def test_cells_cost_little() -> None:
    values = rows(6000, 8)
    whole = inertia(values, clustering.flat(values, 500, 10, KEY))
    groups = clustering.in_cells(values, 500, 10, KEY, cell=100)
    require_laws(values, 500, groups)
    assert len(groups[0]) == 500
    assert inertia(values, groups) < 1.1 * whole


def test_many_centres_are_found_in_cells() -> None:
    values = rows(500, 4)
    flat, divided = (
        clustering.flat(values, 80, 5, KEY),
        clustering.in_cells(values, 81, 5, KEY, cell=40),
    )
    for k, wanted in ((80, flat), (81, divided)):
        chosen = clustering.cluster_large(values, k, 5, KEY, cell=40)
        assert chosen[0].tobytes() == wanted[0].tobytes()
        assert chosen[1].tobytes() == wanted[1].tobytes()


@pytest.mark.parametrize("distinct", [1, 2, 7])
def test_few_distinct_rows_lose_nothing(distinct: int) -> None:
    values = rows(distinct, 4)[np.arange(700) % distinct]
    for cluster in (clustering.flat, clustering.in_cells):
        centroids, assignment = cluster(values, 50, 3, KEY)
        assert len(centroids) == distinct
        assert (centroids[assignment] == values).all()


def test_any_number_of_threads_finds_the_same() -> None:
    values = rows(3000, 33)
    for cluster in (clustering.flat, clustering.in_cells):
        found = []
        for count in (1, 2):
            set_threads(count)
            centroids, assignment = cluster(values, 400, 4, KEY)
            found.append((centroids.tobytes(), assignment.tobytes()))
        assert found[0] == found[1]


@pytest.mark.parametrize("power", [-80, -60, 60, 80])
def test_squares_may_leave_the_range(power: int) -> None:
    values = rows(200, 4)
    whole = float((values.astype(np.float64) ** 2).sum())
    factor = np.float32(2.0**power)
    centroids, assignment = clustering.cluster(values * factor, 20, 5, KEY, large=1)
    assert len(centroids) == 20
    assert inertia(values, (centroids / factor, assignment)) < 0.3 * whole


def test_small_and_large_matrices_are_clustered_together() -> None:
    matrices = [rows(n, 4, n) for n in (30, 300, 20, 400)]
    keys = np.arange(4, dtype=np.uint64)
    counts = np.array([len(matrix) for matrix in matrices])
    starts = np.cumsum(counts) - counts
    whole = np.concatenate(matrices)
    groups = Groups(*clustering.cluster_all(whole, starts, counts, 10, 4, keys, large=1000))
    for c, (matrix, key) in enumerate(zip(matrices, keys, strict=True)):
        centroids, assignment = clustering.cluster(matrix, 10, 4, key, large=1000)
        assert groups.centroids[slice(*groups.first[c : c + 2])].tobytes() == centroids.tobytes()
        own = groups.assignment[slice(*groups.bounds[c : c + 2])]
        assert own.tobytes() == assignment.tobytes()


def test_rows_that_are_all_alike_and_too_many_groups() -> None:
    values = np.ones((40, 3), np.float32)
    with pytest.raises(ValueError, match="one group at least"):
        clustering.flat(values, 0, 5, KEY)
    with pytest.raises(ValueError, match="nothing to cluster"):
        clustering.in_cells(values[:0], 3, 5, KEY)
    for cluster in (clustering.flat, clustering.in_cells):
        assert cluster(values, 1000, 5, KEY)[0].tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
def test_what_leaves_the_range_is_clustered_somehow(bad: float) -> None:
    """Nothing good can come of it, but nothing is read or written elsewhere either."""
    values = rows(300, 4)
    values[::3, 1] = bad
    for cluster in (clustering.flat, clustering.in_cells):
        centroids, assignment = cluster(values, 50, 3, KEY)
        assert 1 <= len(centroids) <= 50
        assert ((assignment >= 0) & (assignment < len(centroids))).all()

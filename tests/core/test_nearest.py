import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s, Int32s
from fedras.core import clustering
from fedras.core.threads import set_threads

FINITE = st.floats(width=32, allow_nan=False)


def rows(n: int, d: int, seed: int = 0) -> Float32s:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def fresh(n: int) -> tuple[Float32s, Int32s]:
    return np.full(n, -np.inf, np.float32), np.full(n, -1, np.int32)


@pytest.mark.parametrize("n", [1, 3, 4, 9])
@pytest.mark.parametrize("d", [1, 4, 7])
@pytest.mark.parametrize("k", [1, 15, 16, 17, 40])
def test_takes_the_nearest(n: int, d: int, k: int) -> None:
    x, centroids = rows(n, d), rows(k, d, 1)
    score, assignment = fresh(n)
    clustering.take_over(x, centroids, 0, score, assignment)
    apart = ((x[:, None].astype(np.float64) - centroids) ** 2).sum(axis=2)
    assert assignment.tolist() == apart.argmin(axis=1).tolist()
    lengths = (x.astype(np.float64) ** 2).sum(axis=1)
    np.testing.assert_allclose(lengths - 2 * score, apart.min(axis=1), atol=1e-5)


def test_the_first_of_equal_centroids_wins() -> None:
    centroids = np.repeat(rows(3, 5), 20, axis=0)
    score, assignment = fresh(3)
    clustering.take_over(centroids[::20].copy(), centroids, 0, score, assignment)
    assert assignment.tolist() == [0, 20, 40]


@pytest.mark.parametrize("n", [1, 8, 31, 100])
@pytest.mark.parametrize("d", [1, 7, 32])
@pytest.mark.parametrize("k", [1, 6, 8, 9, clustering.FEW])
def test_few_centroids_get_the_same_rows(n: int, d: int, k: int) -> None:
    x, centroids = rows(n, d), rows(k, d, 1)
    centroids[k // 2] = centroids[0]
    score, assignment = fresh(n)
    clustering.take_over(x, centroids, 0, score, assignment)
    few_score, few_assignment = fresh(n)
    clustering.take_over_few(x, centroids, few_score, few_assignment)
    assert few_assignment.tolist() == assignment.tolist()
    assert few_score.tobytes() == score.tobytes()


def test_others_take_over_only_what_is_nearer_to_them() -> None:
    x, centroids = rows(50, 3), rows(30, 3, 1)
    score, assignment = fresh(50)
    for start, end in ((0, 10), (10, 11), (11, 30)):
        clustering.take_over(x, centroids[start:end], start, score, assignment)
    score_at_once, at_once = fresh(50)
    clustering.take_over(x, centroids, 0, score_at_once, at_once)
    assert assignment.tolist() == at_once.tolist()
    assert score.tobytes() == score_at_once.tobytes()


@pytest.mark.parametrize("n", [1, 256, 3 * 256 + 5])
def test_any_number_of_threads_does_the_same(n: int) -> None:
    x, centroids = rows(n, 6), rows(20, 6, 1)
    found = []
    for count in (1, 2, 5):
        set_threads(count)
        score, assignment = fresh(n)
        clustering.take_over(x, centroids, 7, score, assignment)
        found.append((score.tobytes(), assignment.tobytes()))
    set_threads(None)
    assert len(set(found)) == 1
    assert min(assignment) >= 7


def test_squared_distances() -> None:
    x, centroids = rows(600, 7), rows(5, 7, 1)
    assignment = (np.arange(600) % 5).astype(np.int32)
    x[3] = centroids[3]
    apart = clustering.squared_distances(x, centroids, assignment)
    wanted = ((x.astype(np.float64) - centroids[assignment]) ** 2).sum(axis=1)
    np.testing.assert_allclose(apart, wanted, rtol=1e-5)
    assert apart[3] == 0


@given(st.lists(st.tuples(FINITE, FINITE), max_size=40))
def test_largest_size(pairs: list[tuple[float, float]]) -> None:
    array = np.array(pairs, np.float32).reshape(-1, 2)
    assert clustering.largest_size(array) == np.abs(array).max(initial=0)

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s, Int64s
from fedras.evaluation import metrics
from fedras.kernels.jit import set_threads


def ranks(*values: int) -> Int64s:
    return np.array(values, np.int64)


def floats(rows: list[list[float]]) -> Float32s:
    return np.array(rows, np.float32)


def test_hit_rate_by_hand() -> None:
    assert metrics.hit_rate(ranks(0, 9, 10, 500)) == 0.5
    assert metrics.hit_rate(ranks(0, 1, 2), k=1) == pytest.approx(1 / 3)
    assert metrics.hit_rate(ranks(10)) == 0
    assert metrics.hit_rate(ranks()) == 0


def test_ndcg_by_hand() -> None:
    assert metrics.ndcg(ranks(0)) == 1
    assert metrics.ndcg(ranks(1)) == pytest.approx(1 / math.log2(3))
    assert metrics.ndcg(ranks(2)) == pytest.approx(0.5)
    assert metrics.ndcg(ranks(9)) == pytest.approx(1 / math.log2(11))
    assert metrics.ndcg(ranks(10)) == 0
    assert metrics.ndcg(ranks(0, 2, 10, 99)) == pytest.approx(1.5 / 4)
    assert metrics.ndcg(ranks(2), k=2) == 0
    assert metrics.ndcg(ranks()) == 0


def test_summary_names_both() -> None:
    assert metrics.summary(ranks(0, 2, 10, 99)) == {"hr@10": 0.5, "ndcg@10": pytest.approx(0.375)}


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(1, 20))
def test_laws_of_both(values: list[int], k: int) -> None:
    hits, gain = metrics.hit_rate(ranks(*values), k), metrics.ndcg(ranks(*values), k)
    assert 0 <= gain <= hits + 1e-12 <= 1 + 1e-12
    better = ranks(*(max(0, value - 1) for value in values))
    assert metrics.ndcg(better, k) >= gain
    assert metrics.hit_rate(better, k) >= hits


def test_a_tie_counts_against_the_held_out_item() -> None:
    scores = floats([[1, 0, 2, 1], [1, 0, 0.5, 0], [0, 0, 0, 0]])
    none = np.zeros((3, 3), np.int32)
    assert metrics.sampled_ranks(scores, none).tolist() == [2, 0, 3]


def test_padding_never_counts() -> None:
    scores = floats([[1, 2, 5, 1], [1, 2, 5, 1]])
    negatives = np.array([[4, -1, -1], [-1, -1, -1]], np.int32)
    assert metrics.sampled_ranks(scores, negatives).tolist() == [1, 0]


@pytest.mark.parametrize("trained", [[], [0, 2], [1]])
def test_a_model_that_diverged_is_not_perfect(trained: list[int]) -> None:
    """NaN compares as false with everything: counted naively, nothing would be ahead of it."""
    nothing = np.full((1, 30), np.nan, np.float32)
    negatives = np.arange(29, dtype=np.int32)[None]
    assert metrics.sampled_ranks(nothing, negatives)[0] >= 29
    indptr, items = np.array([0, len(trained)], np.int64), np.array(trained, np.int32)
    one = np.ones(1, np.int32)
    found = metrics.full_ranks(lambda _: nothing.copy(), one, indptr, items, 30)
    assert found[0] >= 27


def naive_rank(scores: list[float], held_out: int, trained: set[int]) -> int:
    """Count the items ahead, one by one."""
    ahead = 0
    for item, score in enumerate(scores):
        if item != held_out and item not in trained and score >= scores[held_out]:
            ahead += 1
    return ahead


@pytest.mark.parametrize("block", [1, 60, 10**6])
def test_full_ranks_count_the_items_ahead(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_BLOCK_SCORES", block)
    rng = np.random.default_rng(0)
    users, n_items = 25, 20
    scores = rng.integers(0, 6, (users, n_items)).astype(np.float32)  # full of ties
    histories = [rng.choice(n_items, rng.integers(0, 12), replace=False) for _ in range(users)]
    held_out = rng.integers(0, n_items, users).astype(np.int32)
    histories[3] = np.array([held_out[3], 1, 2])  # found again although it is trained on
    histories[4] = np.arange(n_items)
    indptr = np.cumsum([0, *map(len, histories)])
    items = np.concatenate(histories).astype(np.int32)
    asked: list[int] = []

    def score(block: slice) -> Float32s:
        asked.extend(range(block.start, block.stop))
        return scores[block].copy()

    found = metrics.full_ranks(score, held_out, indptr, items, n_items)
    assert found.tolist() == [
        naive_rank(scores[u].tolist(), int(held_out[u]), set(histories[u].tolist()))
        for u in range(users)
    ]
    assert found[4] == 0
    assert asked == list(range(users))


def test_full_ranks_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(40, 300)).astype(np.float32)
    held_out = rng.integers(0, 300, 40).astype(np.int32)
    indptr, items = np.arange(41, dtype=np.int64), rng.integers(0, 300, 40).astype(np.int32)
    results = []
    for count in (1, 2):
        set_threads(count)
        found = metrics.full_ranks(lambda b: scores[b].copy(), held_out, indptr, items, 300)
        results.append(found.tolist())
    assert results[0] == results[1]


def test_nobody_to_rank() -> None:
    nobody = metrics.full_ranks(
        lambda _: floats([]).reshape(0, 9),
        np.zeros(0, np.int32),
        np.zeros(1, np.int64),
        np.zeros(0, np.int32),
        9,
    )
    assert metrics.summary(nobody) == {"hr@10": 0, "ndcg@10": 0}

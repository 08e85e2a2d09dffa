import math
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core.scoring import first_of, ranks_of
from fedras.core.threads import set_threads
from fedras.evaluation import metrics


def ranks(*values: int) -> Int64s:
    return np.array(values, np.int64)


def floats(rows: list[list[float]]) -> Float32s:
    return np.array(rows, np.float32)


def mean(name: str, *values: int) -> float:
    """Return a metric of ranks, both ways that there are to compute it."""
    found = metrics.gains(ranks(*values), name)
    whole = metrics.summary(ranks(*values), [int(name.partition("@")[2])])
    assert whole[name] == pytest.approx(found.mean() if len(found) else 0)
    return whole[name]


def test_hit_rate_by_hand() -> None:
    assert mean("hr@10", 0, 9, 10, 500) == 0.5
    assert mean("hr@1", 0, 1, 2) == pytest.approx(1 / 3)
    assert mean("hr@10", 10) == 0
    assert mean("hr@10") == 0


def test_ndcg_by_hand() -> None:
    assert mean("ndcg@10", 0) == 1
    assert mean("ndcg@10", 1) == pytest.approx(1 / math.log2(3))
    assert mean("ndcg@10", 2) == pytest.approx(0.5)
    assert mean("ndcg@10", 9) == pytest.approx(1 / math.log2(11))
    assert mean("ndcg@10", 10) == 0
    assert mean("ndcg@10", 0, 2, 10, 99) == pytest.approx(1.5 / 4)
    assert mean("ndcg@2", 2) == 0
    assert mean("ndcg@2") == 0


def test_mrr_by_hand() -> None:
    assert mean("mrr@10", 0) == 1
    assert mean("mrr@10", 3, 0, 9, 10) == pytest.approx((1 / 4 + 1 + 1 / 10) / 4)
    assert mean("mrr@3", 3) == 0
    assert mean("mrr@3") == 0


def test_summary_names_all_and_those_at_10_first() -> None:
    found = metrics.summary(ranks(0, 2, 10, 99), (5, 10, 20))
    kinds = ("hr", "ndcg", "mrr")
    assert list(found) == [f"{kind}@{k}" for k in (10, 5, 20) for kind in kinds]
    assert (found["hr@10"], found["hr@20"]) == (0.5, 0.75)
    assert found["ndcg@10"] == pytest.approx(0.375)


many_ranks = st.lists(st.integers(0, 30), max_size=20)


@given(many_ranks, st.integers(1, 20))
def test_better_ranks_are_no_worse(values: list[int], k: int) -> None:
    found = metrics.summary(ranks(*values), [k])
    better = metrics.summary(ranks(*(max(0, value - 1) for value in values)), [k])
    hr, ndcg, mrr = found.values()
    assert 0 <= mrr <= ndcg + 1e-12 <= hr + 2e-12 <= 1 + 3e-12
    assert all(better[name] >= found[name] - 1e-12 for name in found)


@given(many_ranks, st.lists(st.integers(1, 40), min_size=2, max_size=4, unique=True))
def test_metrics_grow_with_the_cut_off(values: list[int], at: list[int]) -> None:
    found = metrics.summary(ranks(*values), at)
    for kind in metrics.DISCOUNTS:
        grown = [found[f"{kind}@{k}"] for k in sorted(at)]
        assert all(a <= b + 1e-12 for a, b in pairwise(grown))


@given(st.lists(many_ranks, min_size=1, max_size=4), st.randoms())
def test_neither_order_nor_parts_matter(parts: list[list[int]], random: Random) -> None:
    whole = [value for part in parts for value in part]
    expected = metrics.summary(ranks(*whole))
    sums = sum(metrics.counts(ranks(*part), 21) for part in parts)
    random.shuffle(whole)
    assert metrics.summary(ranks(*whole)) == expected == metrics.of_counts(np.asarray(sums))


@given(many_ranks.filter(bool))
def test_metrics_at_10_do_not_depend_on_other_cut_offs(values: list[int]) -> None:
    """Bit for bit, by the formula that results of before were computed with."""
    found = np.bincount(np.minimum(values, 10), minlength=11)
    ndcg = float((found[:10] / np.log2(np.arange(10) + 2.0)).sum()) / len(values)
    for at in ([10], [10, 1], [5, 10, 20]):
        mine = metrics.summary(ranks(*values), at)
        assert (mine["hr@10"], mine["ndcg@10"]) == (int(found[:10].sum()) / len(values), ndcg)


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
    found = ranks_of(nothing, np.arange(2), np.ones(1, np.int32), indptr, items)
    assert found[0] >= 27
    assert first_of(nothing, 4).tolist() == [[-1] * 4]


def naive_rank(scores: list[float], item: int, excluded: set[int]) -> int:
    """Count the items ahead, one by one."""
    others = [i for i in range(len(scores)) if i != item and i not in excluded]
    return sum(scores[i] >= scores[item] for i in others)


def ragged(rows: list[list[int]]) -> tuple[Int64s, Int32s]:
    return np.cumsum([0, *map(len, rows)]), np.array(
        [item for row in rows for item in row], np.int32
    )


def test_full_ranks_count_the_items_ahead_and_lists_hold_the_first() -> None:
    rng = np.random.default_rng(0)
    users, n_items = 25, 20
    scores = rng.integers(0, 6, (users, n_items)).astype(np.float32)  # full of ties
    trained = [rng.choice(n_items, rng.integers(0, 12), False).tolist() for _ in range(users)]
    held = [rng.choice(n_items, rng.integers(1, 4), False).tolist() for _ in range(users)]
    trained[3] = [held[3][0], 1, 2]  # found again although it is trained on
    trained[4] = list(range(n_items))
    changed = scores.copy()
    ranks = ranks_of(changed, *ragged(held), *ragged(trained))
    assert ranks.tolist() == [
        naive_rank(scores[u].tolist(), item, {*trained[u], *held[u]})
        for u in range(users)
        for item in held[u]
    ]
    lists = first_of(changed, 10)
    for u in range(users):
        left = [i for i in range(n_items) if i not in trained[u] or i in held[u]]
        best = sorted(left, key=lambda i: (-scores[u, i], i))[:10]
        assert lists[u].tolist() == best + [-1] * (10 - len(best))


def test_full_ranks_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(40, 300)).astype(np.float32)
    held_out = rng.integers(0, 300, 40).astype(np.int32)
    one_each, items = np.arange(41), rng.integers(0, 300, 40).astype(np.int32)
    results = []
    for count in (1, 2):
        set_threads(count)
        changed = scores.copy()
        found = ranks_of(changed, one_each, held_out, one_each, items)
        results.append([found.tolist(), first_of(changed, 10).tolist()])
    assert results[0] == results[1]


def test_nobody_to_rank() -> None:
    assert set(metrics.summary(ranks()).values()) == {0}

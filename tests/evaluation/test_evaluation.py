from collections.abc import Sequence

import numpy as np
import pytest

from fedras.arrays import Float64s
from fedras.core.threads import set_threads
from fedras.data import Interactions, divide, from_columns, leave_one_out, sample_negatives
from fedras.evaluation import evaluation as evaluation_module
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.models.mf import MF

N_USERS, N_ITEMS, DIM = 30, 40, 4


def interactions() -> Interactions:
    """Users with 1 to 12 items; those with one are not evaluated."""
    rng = np.random.default_rng(5)
    users, items = [], []
    for user in range(N_USERS):
        own = rng.choice(N_ITEMS, 1 + user % 12, replace=False).tolist()
        users += [user] * len(own)
        items += own
    return from_columns("small", np.array([*users, N_USERS]), np.array([*items, N_ITEMS - 1]))


def state(streams: int = 2) -> Ranked:
    rng = np.random.default_rng(6)
    n_users, n_items = interactions().n_users, interactions().n_items
    return Ranked(
        rng.normal(size=(n_users, DIM)).astype(np.float32),
        rng.normal(size=(streams, n_items, DIM)).astype(np.float32),
        np.zeros(0, np.float32),
        np.arange(n_users) % streams,
    )


def gains(found: list[int], at: Sequence[int] = (5, 10, 20)) -> dict[str, float]:
    """All metrics from their formulas."""
    each: dict[str, float] = {f"hr@{k}": sum(r < k for r in found) for k in at}
    each |= {f"ndcg@{k}": sum(1 / np.log2(r + 2) for r in found if r < k) for k in at}
    each |= {f"mrr@{k}": sum(1 / (r + 1) for r in found if r < k) for k in at}
    return {name: value / len(found) for name, value in each.items()}


def scores(ranked: Ranked, user: int) -> Float64s:
    items = ranked.items[ranked.stream[user]].astype(np.float64)
    return np.asarray(items @ ranked.vectors[user].astype(np.float64))


@pytest.mark.parametrize("by", ["last", "ratio"])
@pytest.mark.parametrize("validation", [False, True])
@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 100, 10**6])
def test_sampled_and_full_are_what_a_plain_loop_finds(
    streams: int, validation: bool, by: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_module, "_BLOCK_SCORES", block)
    data, ranked = interactions(), state(streams)
    split = divide(data, by, 0.4, validation)
    candidates = sample_negatives(data, 20)
    sampled, full, lists = [], [], []
    for user in range(data.n_users):
        targets = split.tests[split.bounds[user] : split.bounds[user + 1]].tolist()
        mine = scores(ranked, user)
        trained = set(split.items[split.indptr[user] : split.indptr[user + 1]].tolist())
        others = [i for i in range(data.n_items) if i not in trained and i not in targets]
        for target in targets:
            against = [i for i in candidates[user].tolist() if i >= 0]
            sampled.append(sum(mine[i] >= mine[target] for i in against))
            full.append(sum(mine[i] >= mine[target] for i in others))
        if targets:
            left = [i for i in range(data.n_items) if i not in trained]
            lists.append(sorted(left, key=lambda i: -mine[i])[:10])
    assert 0 < len(lists) < data.n_users
    assert (len(full) > len(lists)) == (by == "ratio")
    evaluation = Evaluation(data, split, 20)
    listed = evaluation.listed(evaluation.scorer(MF(), ranked))
    assert listed.lists.tolist() == lists
    assert (listed.sampled.tolist(), listed.full.tolist()) == (sampled, full)
    assert evaluation.sampled(MF(), ranked) == pytest.approx(gains(sampled))
    assert evaluation.full(MF(), ranked) == pytest.approx(gains(full))
    others_at = Evaluation(data, split, 20, at=(3, 10))
    assert others_at.full(MF(), ranked) == pytest.approx(gains(full, (3, 10)))


def test_threads_do_not_matter() -> None:
    data, ranked = interactions(), state()
    results = []
    for count in (1, 2):
        set_threads(count)
        evaluation = Evaluation(data, leave_one_out(data), 20)
        results.append([evaluation.sampled(MF(), ranked), evaluation.full(MF(), ranked)])
    assert results[0] == results[1]


def test_evaluating_changes_nothing() -> None:
    data, ranked = interactions(), state()
    before = [array.tobytes() for array in ranked[:-1]]
    evaluation = Evaluation(data, leave_one_out(data), 20)
    first = evaluation.sampled(MF(), ranked), evaluation.full(MF(), ranked)
    assert [array.tobytes() for array in ranked[:-1]] == before
    assert (evaluation.sampled(MF(), ranked), evaluation.full(MF(), ranked)) == first


def test_knowing_the_answer_is_perfect_and_its_opposite_is_not() -> None:
    data = interactions()
    split = leave_one_out(data)
    right = np.zeros((1, data.n_items, data.n_users), np.float32)
    for user, target in enumerate(split.held_out.tolist()):
        if target >= 0:
            right[0, target, user] = 1
    vectors, stream = np.eye(data.n_users, dtype=np.float32), np.zeros(data.n_users, np.int64)
    evaluation = Evaluation(data, split, 20)
    for sign, quality in ((1, 1.0), (-1, 0.0)):
        ranked = Ranked(vectors, np.float32(sign) * right, np.zeros(0, np.float32), stream)
        for found in (evaluation.sampled(MF(), ranked), evaluation.full(MF(), ranked)):
            assert set(found.values()) == {quality}


def test_a_model_that_knows_nothing_gets_no_points_for_ties() -> None:
    data = interactions()
    ranked = state()._replace(vectors=np.zeros((data.n_users, DIM), np.float32))
    evaluation = Evaluation(data, leave_one_out(data), 20)
    assert set(evaluation.sampled(MF(), ranked).values()) == {0.0}
    assert set(evaluation.full(MF(), ranked).values()) == {0.0}


def test_each_stream_is_ranked_with_its_own_matrix() -> None:
    """Swapping two matrices and who hears them changes nothing; swapping only one does."""
    data, ranked = interactions(), state()
    evaluation = Evaluation(data, leave_one_out(data), 20)
    swapped = ranked._replace(items=ranked.items[::-1].copy())
    both = swapped._replace(stream=1 - ranked.stream)
    results = [evaluation.full(MF(), one)["ndcg@10"] for one in (ranked, swapped, both)]
    assert results[0] == results[2] != results[1]
    assert all(0 < result < 1 for result in results)


def test_some_people_can_be_asked_alone() -> None:
    data, ranked = interactions(), state()
    evaluation = Evaluation(data, divide(data, "ratio", 0.4), 20)
    whole = evaluation.listed(evaluation.scorer(MF(), ranked))
    some = np.arange(1, len(evaluation.people), 3)
    part = evaluation.listed(evaluation.scorer(MF(), ranked), some)
    mine = np.isin(evaluation.users, evaluation.people[some])
    assert part.full.tolist() == whole.full[mine].tolist()
    assert part.sampled.tolist() == whole.sampled[mine].tolist()
    assert part.lists.tolist() == whole.lists[some].tolist()

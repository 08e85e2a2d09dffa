"""Baselines are chosen on validation and ranked as everything else is."""

import numpy as np
import pytest

from fedras import data
from fedras.baselines import comparison
from fedras.baselines.baseline import Baseline
from fedras.baselines.comparison import compare
from fedras.baselines.item_knn import ItemKNN
from fedras.baselines.popularity import Popularity
from fedras.baselines.search import BUDGET, climb, tries
from fedras.config import Config
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Scores


@pytest.fixture(scope="module")
def interactions() -> data.Interactions:
    return data.load("synthetic", options={"users": 60, "items": 150, "interactions": 1500})


def test_everything_is_compared(interactions: data.Interactions) -> None:
    found = compare(interactions, Config())
    assert list(found) == ["ease", "ials", "item-knn", "popularity"]
    for each in found.values():
        assert 0 <= each["metrics"]["ndcg@10"] <= each["metrics"]["hr@10"] <= 1
        assert each["metrics_full"]["hr@10"] <= each["metrics"]["hr@10"]
        assert each["users"] == 60
        assert each["seconds"] >= 0
    again = compare(interactions, Config(), names=["ials"])["ials"]
    assert again["metrics"] == found["ials"]["metrics"]


def test_ranks_are_those_of_a_loop(interactions: data.Interactions) -> None:
    split = data.leave_one_out(interactions)
    negatives = data.sample_negatives(interactions, 20)
    counts = np.bincount(split.items, minlength=interactions.n_items)
    sampled, full = [], []
    for user, held in enumerate(split.held_out.tolist()):
        mine = set(split.items[split.indptr[user] : split.indptr[user + 1]].tolist())
        sampled.append(sum(counts[i] >= counts[held] for i in negatives[user].tolist()))
        others = set(range(interactions.n_items)) - mine - {held}
        full.append(sum(counts[i] >= counts[held] for i in others))
    found = compare(interactions, Config(eval_negatives=20), names=["popularity"])["popularity"]
    assert found["metrics"] == metrics.summary(np.array(sampled))
    assert found["metrics_full"] == metrics.summary(np.array(full))


def test_the_test_item_chooses_nothing(
    interactions: data.Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[comparison.Ranking] = []
    ask = comparison.Ranking.sampled

    def recorded(self: comparison.Ranking, scores: Scores) -> dict[str, float]:
        asked.append(self)
        return ask(self, scores)

    monkeypatch.setattr(comparison.Ranking, "sampled", recorded)
    compare(interactions, Config())
    ends = interactions.indptr[1:]
    assert len(asked) > 10
    for ranking in asked:
        np.testing.assert_array_equal(ranking.split.held_out, interactions.items[ends - 2])
        np.testing.assert_array_equal(ranking.rows.counts, np.diff(interactions.indptr) - 2)


def test_too_much_data_is_left_out(
    interactions: data.Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Popularity, "work", lambda _: BUDGET * 2.5)
    found = compare(interactions, Config(), names=["popularity"])["popularity"]
    assert found == {"left_out": "too much data: about 2e+12 operations to learn from it once"}


def test_many_users_are_ranked_in_part(
    interactions: data.Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "_MOST_USERS", 30)
    monkeypatch.setattr(comparison, "_MOST_SCORES", 1)
    assert compare(interactions, Config(), names=["popularity"])["popularity"]["users"] == 30


def _hill(settings: Baseline) -> float:
    assert isinstance(settings, ItemKNN)
    return -abs(settings.neighbours - 20) - abs(settings.shrinkage - 100)


def test_the_climb_ends_on_the_top() -> None:
    best, tried = climb(ItemKNN, _hill)
    assert best == ItemKNN(neighbours=20, shrinkage=100.0)
    assert tried <= 12


def test_the_climb_stops_in_time() -> None:
    seen: list[Baseline] = []

    def value(settings: Baseline) -> float:
        seen.append(settings)
        return _hill(settings)

    best, tried = climb(ItemKNN, value, most=4)
    assert tried == len(seen) == len(set(seen)) == 4
    assert _hill(best) == max(map(_hill, seen))


def test_a_climb_is_as_long_as_the_work_allows() -> None:
    assert tries(1) == 16
    assert tries(BUDGET / 5) == 5
    assert tries(BUDGET * 1.01) == 0

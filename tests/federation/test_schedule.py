"""What the validation item decides: the context, and the end of a run."""

import json
from typing import Any

import numpy as np
import pytest
from helpers.small_federation import simulation
from hypothesis import given
from hypothesis import strategies as st

from fedras.arrays import Int64s
from fedras.config import LARGEST, Config
from fedras.evaluation import metrics
from fedras.federation.schedule import (
    Schedule,
    choices,
    first_schedule,
    joined,
    joining,
    monitored,
    unseen,
    watches,
)
from fedras.federation.state import State
from fedras.models.context import CHOICES, OFF, Context

BINS = metrics.bins(metrics.CUTOFFS)


def counts(config: Config, *best: int) -> Int64s:
    """Histograms: in each context a user whose item is first, or in that place of ``best``."""
    found = np.zeros((len(choices(config)), BINS), np.int64)
    ranks = [*best, *[BINS - 1] * (len(found) - len(best))]
    found[np.arange(len(found)), ranks] = 1
    return found


def test_the_validation_item_is_held_out_until_the_last_share() -> None:
    config = Config(rounds=50)
    assert watches(config)
    assert joining(config) == 40
    assert [joined(config, done) for done in (0, 39, 40, 50)] == [False, False, True, True]
    assert [unseen(config, done) for done in (0, 40, 41, 50)] == [True, True, False, False]
    assert joining(Config(rounds=50, last_share=0)) == 50
    assert joining(Config(rounds=1)) == 1


@pytest.mark.parametrize("options", [{"monitor": "test"}, {"validation": True}])
def test_where_nothing_else_is_held_out_it_is_as_in_the_paper(options: dict[str, Any]) -> None:
    config = Config(rounds=50, patience=1, **options)
    assert not watches(config)
    assert not any(joined(config, done) for done in range(51))
    assert all(unseen(config, done) for done in range(51))
    schedule = first_schedule(config)
    for round_ in range(1, 51):
        assert schedule.decide(config, round_, counts(config, 5)) is not None
    assert schedule.skipped == 0


def test_what_is_ranked_has_a_name() -> None:
    assert monitored(Config()) == "validation"
    assert monitored(Config(monitor="test")) == "test"
    assert monitored(Config(monitor="test", validation=True)) == "validation"


def test_a_context_that_is_asked_for_is_the_only_choice() -> None:
    asked = Config(context_weight=3.0, context_decay=0.25)
    assert choices(asked) == (Context(0.25, 3.0),)
    assert first_schedule(asked).context == Context(0.25, 3.0)
    assert choices(Config(monitor="test")) == (OFF,)
    assert choices(Config()) == choices(Config(validation=True))
    assert choices(Config())[: len(CHOICES)] == CHOICES
    assert choices(Config(model="ncf")) == CHOICES
    assert first_schedule(Config()).context == OFF


@given(st.integers(0, len(CHOICES) - 1), st.integers(0, 9))
def test_the_best_context_is_chosen_and_of_equal_ones_the_first(which: int, rank: int) -> None:
    config, schedule = Config(), Schedule()
    found = counts(config, *[rank + 1] * which, *[rank] * (len(CHOICES) - which))
    metric = schedule.decide(config, 25, found)
    assert schedule.context == CHOICES[which]
    assert metric == metrics.of_counts(found[which], config.at)
    assert schedule.best == metric["ndcg@10"]
    assert schedule.decide(config, 50, counts(config)) is not None
    assert schedule.context == OFF  # all are equally bad now


def test_without_anybody_to_rank_nothing_is_decided() -> None:
    config, schedule = Config(patience=1), Schedule(3, CHOICES[2], 0.5, 1)
    assert schedule.decide(config, 25, np.zeros((len(CHOICES), BINS), np.int64)) is None
    assert schedule == Schedule(3, CHOICES[2], 0.5, 1)


@given(
    st.integers(1, 60),
    st.integers(0, 4),
    st.floats(0, 0.99),
    st.lists(st.integers(0, 30), min_size=60, max_size=60),
    st.integers(1, 9),
)
def test_a_run_ends_early_at_most_once_and_never_beyond_where_validation_joins(
    rounds: int, patience: int, share: float, ranks: list[int], every: int
) -> None:
    config = Config(rounds=rounds, patience=patience, last_share=share)
    schedule, best, stale, done = Schedule(), -1.0, 0, 0
    while done + schedule.skipped < rounds:
        done += 1
        if done % every or not unseen(config, done + schedule.skipped):
            continue
        before = schedule.skipped
        rank = min(ranks[done - 1], BINS - 1)
        metric = schedule.decide(config, done, counts(config, *[rank] * len(CHOICES)))
        assert metric is not None
        better = metric["ndcg@10"] > best
        best, stale = max(best, metric["ndcg@10"]), 0 if better else stale + 1
        assert (schedule.best, schedule.stale) == (best, stale)
        if schedule.skipped != before:
            assert before == 0
            assert patience
            assert stale >= patience
            assert done + schedule.skipped == joining(config)
        else:
            assert not (patience and stale >= patience and done + before < joining(config))
    assert done == rounds - schedule.skipped
    assert done >= rounds - joining(config)


def test_patience_0_never_ends_a_run() -> None:
    config, schedule = Config(patience=0), Schedule()
    for round_ in range(1, 400):
        schedule.decide(config, round_, counts(config))
    assert schedule.skipped == 0
    assert schedule.stale == 398


KEPT = {"skipped": 100, "context": [0.8, 2.0], "best": 0.25, "stale": 3}


def restored(config: Config, round_: int, **changed: Any) -> Schedule:
    values = json.loads(json.dumps({"schedule": KEPT | changed}))
    return Schedule.restored(State({}, values), config, round_)


def test_a_schedule_comes_back() -> None:
    schedule = restored(Config(), 200)
    assert schedule == Schedule(100, Context(0.8, 2.0), 0.25, 3)
    again = json.loads(json.dumps({"schedule": schedule.values()}))
    assert Schedule.restored(State({}, again), Config(), 200) == schedule


@pytest.mark.parametrize(
    "changed",
    [{"skipped": value} for value in (-1, 301, 401, 10**30, 1.0, True, None, "1", float("nan"))]
    + [{"best": value} for value in (-2, 1.5, float("nan"), float("inf"), "0", None, True)]
    + [{"stale": value} for value in (-1, 201, 10**30, 0.5, float("nan"), None)]
    + [
        {"context": value}
        for value in ([2, 1], [0.5, 1, 2], [0.5, -1], [0.5, float("nan")], [0.5], None, "x")
    ]
    + [{"context": [0.5, 2 * LARGEST]}, {"more": 1}],
    ids=str,
)
def test_a_schedule_that_cannot_be_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError)):
        restored(Config(rounds=500), 200, **changed)


def test_only_so_much_is_left_out_as_was_held_out() -> None:
    assert restored(Config(rounds=500), 200, skipped=300).skipped == 300
    for options in ({"monitor": "test"}, {"validation": True}):
        with pytest.raises(ValueError, match="leaves out 1 rounds"):
            restored(Config(rounds=500, **options), 200, skipped=1)


def test_a_federation_goes_on_where_its_schedule_was() -> None:
    whole = simulation(rounds=20, patience=0, client_fraction=1.0)
    whole.server.schedule = Schedule(11, Context(0.5, 4.0), 0.9, 0)
    whole._follow()
    whole.step()
    arrays, values = whole.state()
    copy = simulation(rounds=20, patience=0, client_fraction=1.0)
    copy.restore(State(arrays, json.loads(json.dumps(values))))
    assert copy.server.schedule == whole.server.schedule
    assert (copy.silo.skipped, copy.silo.context) == (11, Context(0.5, 4.0))
    for _ in range(8):
        assert copy.step() == whole.step()
        assert copy.validate() == whole.validate()
    assert copy.server.progress == 20
    assert copy.silo.vectors.tobytes() == whole.silo.vectors.tobytes()
    assert copy.server.items.tobytes() == whole.server.items.tobytes()

"""Clients of different budgets in groups."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.small_runs import SMALL

from fedras.config import Config
from fedras.evaluation import metrics
from fedras.federation.stream import Stream
from fedras.run.tiers import MOST, tiers
from fedras.run.training import train

AT = (10,)


def streams(*pairs: tuple[int, int]) -> list[Stream]:
    empty = np.empty((0, 2), np.float32)
    return [Stream(budget, listeners, empty) for budget, listeners in pairs]


def test_one_budget_is_no_tier() -> None:
    none = Counter[str]()
    assert tiers(streams((4, 9)), none, none, None, AT) == []
    assert tiers(streams((4, 9), (8, 0)), none, none, None, AT) == []


def test_each_budget_is_one_where_there_are_few() -> None:
    counts = np.zeros((2, 11), np.int64)
    counts[0, 10], counts[1, 0], counts[1, 10] = 3, 1, 1
    paid = Counter({"8": 60, "4": 20}), Counter({"8": 6})
    found = tiers(streams((8, 3), (4, 2)), *paid, counts, AT)
    assert [each["budget"] for each in found] == [[4, 4], [8, 8]]
    assert [each["users"] for each in found] == [2, 3]
    assert [(each["sent"], each["received"]) for each in found] == [(10, 0), (20, 2)]
    assert [each["hr@10"] for each in found] == [0.5, 0]


def test_neighbours_share_one_where_there_are_many() -> None:
    many = streams(*((budget, 1 + budget % 3) for budget in range(1, 101)))
    sent = Counter({str(each.budget): each.listeners * each.budget for each in many})
    found = tiers(many, sent, sent, None, AT)
    assert len(found) == MOST
    assert found[0]["budget"][0] == 1
    for one, other in pairwise(found):
        assert other["budget"][0] == one["budget"][1] + 1
    users = [each["users"] for each in found]
    assert sum(users) == sum(each.listeners for each in many)
    assert max(users) - min(users) <= 6
    assert sum(each["sent"] * each["users"] for each in found) == pytest.approx(sent.total())


def test_a_run_notes_them(tmp_path: Path) -> None:
    given = SMALL | {"rate_range": (0.9, 0.99), "rate_levels": 3, "rounds": 4}
    list(train(Config.model_validate(given), tmp_path / "run"))
    text = (tmp_path / "run" / "metrics.jsonl").read_text()
    for line in map(json.loads, text.splitlines()):
        users = sum(each["users"] for each in line["tiers"])
        for name in ("sent", "received"):
            whole = sum(each[name] * each["users"] for each in line["tiers"]) / users
            assert whole == pytest.approx(sum(line[f"{name}_per_user"].values()))
        if line["ranked"] is not None:
            assert all(0 <= each[metrics.DECIDES] <= 1 for each in line["tiers"])
        phases = line["seconds_by_phase"]
        assert sum(phases.values()) <= line["seconds"]
        assert {"training", "coding", "evaluation"} <= phases.keys()

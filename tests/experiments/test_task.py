"""How runs are named."""

import pytest

from fedras.experiments.task import Task

COMMON = {"dataset": "ml-100k", "model": "mf", "method": "fedras", "seed": 2}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"compression_rate": 0.9375}, "ml-100k mf fedras 93.75 % seed 2"),
        ({"learning_rate": 4.0, "threads": 1}, "ml-100k mf fedras 96.88 % seed 2"),
        (
            {"error_feedback": True, "weight_decay": 0.5, "alpha": 0.1},
            "ml-100k mf fedras 96.88 % seed 2 alpha 0.1 error feedback weight decay 0.5",
        ),
        (
            {"learning_rate": 3.0, "validation": True},
            "ml-100k mf fedras 96.88 % seed 2 learning rate 3.0",
        ),
    ],
)
def test_a_run_is_named_by_what_is_not_as_by_default(given: dict[str, object], name: str) -> None:
    assert str(Task.of(COMMON | given)) == name


def test_every_trial_of_a_learning_rate_has_a_name_of_its_own() -> None:
    trials = [
        Task.of(COMMON | {"learning_rate": rate, "validation": True}) for rate in (1.0, 2.0, 3.0)
    ]
    assert len(set(map(str, trials))) == 3

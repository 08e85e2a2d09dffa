"""What can be searched, and what is said of what cannot."""

from collections.abc import Sequence
from typing import Any

import pytest

from fedras.aggregation import AGGREGATIONS
from fedras.components import make_config
from fedras.errors import UsageError
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.tuning.space import SEARCH, Range, Space, Values, parse, searched

PARTS = [
    (kind, name)
    for kind, registry in (("model", MODELS), ("method", METHODS), ("aggregation", AGGREGATIONS))
    for name in registry.names()
]


class Lowest:
    """A trial that draws the first of everything, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        self.asked.append(name)
        return low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked.append(name)
        return low

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.asked.append(name)
        return choices[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("learning_rate=0.1..10", ("learning_rate", Range(0.1, 10))),
        ("weight_decay=.001...1", ("weight_decay", Range(0.001, 0.1))),
        ("weight_decay = 1e-4..1E-1", ("weight_decay", Range(1e-4, 0.1))),
        ("alpha=0...5", ("alpha", Range(0, 0.5))),
        ("model=mf,ncf", ("model", Values(("mf", "ncf")))),
        ("dim=8, 16,32", ("dim", Values((8, 16, 32)))),
        ("error_feedback=true,false", ("error_feedback", Values((True, False)))),
    ],
)
def test_text(text: str, meant: object) -> None:
    assert parse(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "alpha",
        "=1..2",
        "alpha=",
        "alpha=1",
        "alpha=1,1",
        "alpha=1,",
        "alpha=2..1",
        "alpha=1..1",
        "alpha=a..b",
        "alpha=1..",
        "alpha=..2",
        "alpha=1..2..3",
        "alpha=0..1e999",
        "alpha=nan..1",
    ],
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--search ") as error:
        parse(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("what", [3, None, [[1], [2]], {"a": 1}, [1], [1.0, 1.0]])
def test_what_is_no_search_in_python(what: object) -> None:
    with pytest.raises(UsageError):
        searched("alpha", what)


def test_factors() -> None:
    assert Range(0.1, 1).factors
    assert not Range(0.2, 1).factors
    assert not Range(0, 1).factors


@pytest.mark.parametrize(("kind", "name"), PARTS)
def test_what_components_declare_is_possible(kind: str, name: str) -> None:
    """The defaults are within, and the ends are values that the options may have."""
    space = Space({kind: name}, {})
    space.require_possible()
    found = space.entries({})
    assert {"learning_rate", "weight_decay"} <= {entry.option for entry in found}
    usual = make_config(space.given).flat()
    for entry in found:
        assert entry.holds(usual[entry.option]), entry
    assert set(space.usual()) == {entry.key for entry in found}


def test_some_components_declare_what_is_their_own() -> None:
    found = {e.key for e in Space({"model": "ncf", "method": "lightfr"}, {}).entries({})}
    assert {"ncf.network_rate", "lightfr.sweeps"} <= found
    field = MODELS.get("ncf").model_fields["network_rate"]
    assert isinstance(field.json_schema_extra, dict)
    assert SEARCH in field.json_schema_extra


def test_what_is_given_stays_and_what_is_wanted_wins() -> None:
    given = {"learning_rate": 2.0, "weight_decay": 0.02}
    space = Space(given, {"weight_decay": Range(0.5, 0.6), "dim": Values((8, 16))})
    space.require_possible()
    trial = Lowest()
    assert space.draw(trial) == {"weight_decay": 0.5, "dim": 8}
    assert trial.asked == ["dim", "weight_decay"]
    assert space.usual() == {}


def test_a_model_brings_its_own_options() -> None:
    space = Space({}, {"model": Values(("ncf", "mf")), "network_rate": Range(0.1, 0.2)})
    space.require_possible()
    trial = Lowest()
    drawn = space.draw(trial)
    assert list(drawn) == ["model", "learning_rate", "weight_decay", "network_rate"]
    assert trial.asked == ["model", "ncf.learning_rate", "ncf.weight_decay", "network_rate"]
    assert space.usual() == {"model": "mf", "mf.learning_rate": 3.0, "mf.weight_decay": 0.02}


@pytest.mark.parametrize(
    ("given", "wanted", "message"),
    [
        ({}, {"learning_rat": "1..2"}, "did you mean 'learning_rate'"),
        ({}, {"network_rate": "0.1..0.2"}, "unknown option 'network_rate'"),
        ({}, {"seed": "1,2"}, "cannot be compared"),
        ({}, {"validation": "true,false"}, "cannot be compared"),
        ({"dataset": "synthetic"}, {"users": "10,20"}, "cannot be compared"),
        ({}, {"threads": "1,2"}, "unknown option 'threads'"),
        ({}, {"model": "1..2"}, "model is no number"),
        ({}, {"model": "mf,mff"}, "unknown model 'mff'"),
        ({}, {"numbers": "1..2"}, "numbers is no number"),
        ({}, {"error_feedback": "0..1"}, "error_feedback is no number"),
        ({}, {"dim": "8..16.5"}, "whole numbers"),
        ({}, {"alpha": "0.1..3"}, "option alpha: "),
        ({}, {"alpha": "0.1,x"}, "option alpha: "),
        ({}, {"learning_rate": "0..1"}, "option learning_rate: "),
        ({"learning_rate": 1.0, "weight_decay": 0.0}, {}, "nothing to search"),
        ({"learning_rat": 1.0}, {}, "unknown option 'learning_rat'"),
    ],
)
def test_what_cannot_be_searched(
    given: dict[str, Any], wanted: dict[str, str], message: str
) -> None:
    space = Space(given, {name: searched(name, what) for name, what in wanted.items()})
    with pytest.raises(UsageError) as error:
        space.require_possible()
    assert message in str(error.value)
    assert "\n" not in str(error.value)

"""Options of components: whose they are, and what becomes of any value."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from fedras.aggregation import AGGREGATIONS
from fedras.codecs.plain import Plain
from fedras.components import components_of, make_config
from fedras.config import Config
from fedras.data import DATASETS
from fedras.data.files import File
from fedras.errors import UsageError
from fedras.methods import METHODS, Method
from fedras.models import MODELS
from fedras.registry import Registry

KINDS: dict[str, Registry[Any]] = {
    "dataset": DATASETS,
    "model": MODELS,
    "method": METHODS,
    "aggregation": AGGREGATIONS,
}


def components() -> Iterator[tuple[dict[str, str], type[BaseModel]]]:
    """Yield what chooses each component, and the component."""
    yield {}, Config
    yield {"dataset": "some.csv"}, File
    for kind, registry in KINDS.items():
        for name in registry.names():
            yield {kind: name}, registry.get(name)


OPTIONS = [
    (chosen, option)
    for chosen, component in components()
    for option in component.model_fields
    if option not in chosen and (component, option) != (File, "path")
]
scalars = (
    st.booleans()
    | st.integers()
    | st.integers(-(2**80), 2**80)
    | st.integers(0, 100)
    | st.floats()
    | st.floats(0, 1)
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc"]), min_size=1)
    | st.sampled_from(["f16", "q8", "mf", "a/b.csv", "median"])
    | st.dates()
    | st.times()
    | st.datetimes()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=500)
@given(st.sampled_from(OPTIONS), values)
@example(({"method": "fedras"}, "actions"), 99999999999999999999999)
@example(({}, "dim"), True)
@example(({}, "seed"), 1 << 20_000)
@example(({}, "rate_range"), [[[[[[[[[[1]]]]]]]]]])
def test_any_value_is_kept_or_refused_in_one_line(
    option: tuple[dict[str, str], str], value: object
) -> None:
    chosen, name = option
    config, complaint = None, ""
    try:
        config = make_config({**chosen, name: value})
    except UsageError as error:
        complaint = str(error)
    if config is None:
        assert len(complaint.splitlines()) == 1
        assert len(complaint) < 1000
    else:
        assert make_config(tomllib.loads(config.to_toml())) == config


@given(st.text(), values)
def test_any_name_is_known_or_refused_in_one_line(name: str, value: object) -> None:
    with pytest.raises(UsageError) as raised:
        make_config({f"x{name}": value})
    assert len(str(raised.value).splitlines()) == 1


def test_no_option_belongs_to_two_kinds() -> None:
    """Model, method, data set and aggregation of a run take their options from one flat set."""
    owners: dict[str, set[str]] = {name: {"run"} for name in Config.model_fields}
    for kind, registry in KINDS.items():
        for name in registry.names():
            for option in registry.get(name).model_fields:
                owners.setdefault(option, set()).add(kind)
    for option in File.model_fields:
        owners.setdefault(option, set()).add("dataset")
    assert {option: kinds for option, kinds in owners.items() if len(kinds) > 1} == {}


class _Plain(Method):
    """A method of another package."""

    citation = "tests"

    def uplink(self, budget: int, shared: object) -> Plain:
        return Plain(self.numbers)


class Shares(_Plain):
    users: int = Field(7, ge=1)


class Takes(_Plain):
    rounds: int = Field(7, ge=1)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (Shares, "option users is of data set synthetic and of method theirs; one must rename"),
        (Takes, "option rounds is of every run and of method theirs; one must rename"),
    ],
)
def test_a_component_that_takes_anothers_option_is_refused(
    component: type[Method], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    METHODS.names()
    monkeypatch.setitem(METHODS._components, "theirs", component)
    with pytest.raises(UsageError, match=message):
        make_config({"dataset": "synthetic", "method": "theirs"})


def test_all_components_are_built_at_once() -> None:
    config = make_config({"alpha": 0.3, "model": "ncf", "aggregation": "trimmed-mean", "trim": 0.1})
    model, method, aggregation = components_of(config)
    assert model == MODELS.get("ncf").model_validate({})
    assert method == METHODS.get("fedras").model_validate({"alpha": 0.3})
    assert aggregation == AGGREGATIONS.get("trimmed-mean").model_validate({"trim": 0.1})

"""From a configuration to the data set, the model and the method that it names."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from fedras import data
from fedras.aggregation import AGGREGATIONS, Aggregation
from fedras.complaints import explain, shown
from fedras.config import Config, Option
from fedras.data import DATASETS
from fedras.data.files import File
from fedras.errors import DataError, UsageError
from fedras.methods import METHODS, Method
from fedras.models import MODELS, Model
from fedras.registry import unknown

Component = TypeVar("Component", bound=BaseModel)


def make_config(given: dict[str, Any]) -> Config:
    """Validate ``given`` and complete it with all defaults, those of the components included.

    Raises
    ------
    UsageError
        If an option is unknown or impossible; one line that names it.
    """
    try:
        config = Config.model_validate(given)
    except ValidationError as error:
        raise UsageError(explain(error)) from None
    return complete(config)


class Components(NamedTuple):
    """What a configuration names, built once and handed on."""

    model: Model
    method: Method
    aggregation: Aggregation


def complete(config: Config) -> Config:
    """Return ``config`` with every option of its data set, model, method and aggregation.

    Raises
    ------
    UsageError
        If one of them does not exist, none of them knows an option, or two declare the same.
    """
    config = _with_implied(config)
    parts: dict[str, BaseModel] = {f"data set {config.dataset}": dataset_of(config)}
    for kind, part in components_of(config)._asdict().items():
        parts[f"{kind} {getattr(config, kind)}"] = part
    known = _options(parts)
    for name in config.options:
        if name not in known:
            every = {*Config.model_fields, *known} - {"options"}
            raise UsageError(_elsewhere(name) or unknown("option", name, sorted(every)))
    return config.model_copy(update={"options": known})


def _with_implied(config: Config) -> Config:
    """Return ``config`` with what the method makes of options that nobody gave."""
    given = config.model_fields_set | config.options.keys()
    implied = {
        name: value
        for name, value in method_of(config).implied(config).items()
        if name not in given
    }
    common = {name: value for name, value in implied.items() if name in Config.model_fields}
    own = {name: value for name, value in implied.items() if name not in common}
    return config.model_copy(update=common | {"options": config.options | own})


def _elsewhere(name: str) -> str:
    """Return the line for an option that only components have which the run does not use."""
    owners = [
        f"{registry.kind} {component}"
        for registry in (DATASETS, MODELS, METHODS, AGGREGATIONS)
        for component in registry.names()
        if name in registry.get(component).model_fields
    ]
    if name not in data.HIDDEN and name in File.model_fields:
        owners.append("data set from a file")
    return f"option {name} does nothing here: it is of {', '.join(owners)}" if owners else ""


def _options(parts: Mapping[str, BaseModel]) -> dict[str, Option]:
    """Return the options of all parts; one that two of them declare would be set for both."""
    declared = {"every run": {*Config.model_fields}}
    declared |= {owner: {*type(part).model_fields} - data.HIDDEN for owner, part in parts.items()}
    for (one, names), (other, more) in combinations(declared.items(), 2):
        for name in sorted(names & more):
            raise UsageError(f"option {name} is of {one} and of {other}; one must rename its own")
    return {
        name: getattr(part, name)
        for owner, part in parts.items()
        for name in type(part).model_fields
        if name in declared[owner]
    }


def dataset_of(config: Config) -> data.Dataset:
    """Return the data set that ``config`` names."""
    if "\0" in config.dataset:
        raise UsageError(
            f"option dataset: no path has a NUL character, got {shown(config.dataset)}"
        )
    kind = type(data.open_dataset(config.dataset))
    return data.open_dataset(config.dataset, _own(kind, config.options))


def interactions_of(config: Config, given: Any = None) -> data.Interactions:
    """Return the data with notes of what evaluation on it cannot do.

    Parameters
    ----------
    config
        Names a data set.
    given
        Interactions, or a table in memory, instead of what ``config`` names.

    Raises
    ------
    DataError
        If the data cannot be had, is empty, or cannot be split as the options ask.
    """
    if given is None:
        options = dataset_of(config).model_dump(exclude=data.HIDDEN)
        found = data.load(config.dataset, config.data_dir, options)
    else:
        found = data.interactions_from(given)
    if not len(found):
        raise DataError(f"{found.name} holds no interactions; there is nothing to train on")
    if config.split != data.TIME:
        found = replace(found, times=None)
    return data.told(found, split_of(found, config), config.eval_negatives)


def split_of(
    interactions: data.Interactions, config: Config, validation: bool = False
) -> data.Split:
    """Return the split that the options ask for, or that of its validation; see `data.divide`."""
    validation |= config.validation
    return data.divide(interactions, config.split, config.test_share, validation)


def labelled(config: Config, given: Any) -> Config:
    """Return ``config`` with a data set that says what it is of, if the data was given."""
    if given is None:
        return config
    name = getattr(given, "name", "table")
    if name in {config.dataset, Path(config.dataset).name}:
        return config
    return at(config, f"{data.MEMORY}{name}")


def at(config: Config, dataset: str) -> Config:
    """Return ``config`` with its data elsewhere, and those of its options that such data has."""
    before, after = type(data.open_dataset(config.dataset)), type(data.open_dataset(dataset))
    options = config.options
    if before is not after:
        options = {name: v for name, v in options.items() if name not in before.model_fields}
    return config.model_copy(update={"dataset": dataset, "options": options})


def own_data_options(config: Config) -> set[str]:
    """Return the options that say where data of one's own is and how to read it.

    They may change between two visits to a run: its data is recognised by its content.
    """
    kind = type(data.open_dataset(config.dataset))
    return {"dataset", *kind.model_fields} if issubclass(kind, data.File | data.InMemory) else set()


def components_of(config: Config) -> Components:
    """Return the model, the method and the aggregation that ``config`` names."""
    return Components(model_of(config), method_of(config), aggregation_of(config))


def model_of(config: Config) -> Model:
    """Return the base model that ``config`` names."""
    return _build(MODELS.get(config.model), config.options)


def method_of(config: Config) -> Method:
    """Return the method that ``config`` names."""
    return _build(METHODS.get(config.method), config.options)


def aggregation_of(config: Config) -> Aggregation:
    """Return the aggregation that ``config`` names."""
    return _build(AGGREGATIONS.get(config.aggregation), config.options)


def _build(component: type[Component], options: dict[str, Option]) -> Component:
    try:
        return component.model_validate(_own(component, options))
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def _own(component: type[BaseModel], options: dict[str, Option]) -> dict[str, Option]:
    own = [name for name in component.model_fields if name in options and name not in data.HIDDEN]
    return {name: options[name] for name in own}

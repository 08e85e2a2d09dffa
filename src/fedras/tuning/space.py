"""What is searched: ranges and lists of values, given or declared beside the options."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, Protocol, get_args

from pydantic import BaseModel

from fedras.aggregation import AGGREGATIONS
from fedras.complaints import shown
from fedras.components import dataset_of, make_config
from fedras.config import Config, Option
from fedras.errors import UsageError
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.registry import Registry, unknown

Given = dict[str, Any]

SEARCH = "search"
"""Where an option's declaration says over what it is searched (``json_schema_extra``)."""

_COMPONENTS: dict[str, Registry[Any]] = {
    "model": MODELS,
    "method": METHODS,
    "aggregation": AGGREGATIONS,
}
_HELD_OUT = {"validation", "split", "test_share", "at", "eval_every", "eval_negatives"}
_ENDING = {"monitor", "patience", "last_share"}
_COMPARED = {"dataset", "seed", "baselines", *_HELD_OUT, *_ENDING}
_OUTSIDE = {"data_dir", "rate_file", "threads", "options"}
_NUMBER = r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*")
_LOGARITHMIC = 10


class Trial(Protocol):
    """What values are drawn from: a trial of Optuna."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Draw a number."""

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Draw a whole number."""

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Draw one of some values."""


class Range(NamedTuple):
    """Numbers from ``low`` to ``high``; by factors, where ``high`` is ten times ``low`` or more."""

    low: float
    high: float

    @property
    def factors(self) -> bool:
        """Whether equal factors are equally likely, instead of equal differences."""
        return self.low > 0 and self.high >= _LOGARITHMIC * self.low

    def __str__(self) -> str:
        return f"{self.low:g}..{self.high:g}"


class Values(NamedTuple):
    """Some values."""

    values: tuple[Option, ...]

    def __str__(self) -> str:
        return ",".join(str(value) for value in self.values)


Searched = Range | Values


class Entry(NamedTuple):
    """An option that is searched.

    Attributes
    ----------
    key
        Its name; with that of its component before it where the component says what is searched.
    option
        Its name.
    what
        What is searched.
    whole
        Whether it is a whole number.
    """

    key: str
    option: str
    what: Searched
    whole: bool

    def draw(self, trial: Trial) -> Option:
        """Draw a value."""
        if isinstance(self.what, Values):
            value: Option = trial.suggest_categorical(self.key, self.what.values)
            return value
        low, high, log = *self.what, self.what.factors
        if self.whole:
            return trial.suggest_int(self.key, int(low), int(high), log=log)
        return trial.suggest_float(self.key, low, high, log=log)

    def holds(self, value: object) -> bool:
        """Return whether ``value`` can be drawn."""
        if isinstance(self.what, Values):
            return value in self.what.values
        return isinstance(value, int | float) and self.what.low <= value <= self.what.high


def parse(text: str) -> tuple[str, Searched]:
    """Read ``option=LOW..HIGH`` or ``option=A,B,...``.

    Raises
    ------
    UsageError
        If it is something else.
    """
    name, equals, what = (part.strip() for part in text.partition("="))
    if not (name and equals):
        raise UsageError(f"--search {text}: expected OPTION=LOW..HIGH or OPTION=A,B,...")
    return name, searched(name, what)


def searched(name: str, what: object) -> Searched:
    """Return what is meant by text such as ``"0.1..10"`` or ``"a,b"``, or by a list of values.

    Raises
    ------
    UsageError
        If it is no range and fewer than two values.
    """
    if isinstance(what, str):
        if found := _RANGE.fullmatch(what):
            return _range(name, *found.groups())
        if ".." in what:
            raise UsageError(f"--search {name}={what}: no range; expected LOW..HIGH, two numbers")
        values = tuple(_value(part.strip()) for part in what.split(","))
    elif isinstance(what, list | tuple) and all(isinstance(value, Option) for value in what):
        values = tuple(what)
    else:
        raise UsageError(f"search of {name}: expected text or a list of values, got {shown(what)}")
    if len(values) < 2 or "" in values or len({str(value) for value in values}) < len(values):
        raise UsageError(
            f"--search {name}={Values(values)}: expected LOW..HIGH, or A,B,...: at least two "
            "values, each once"
        )
    return Values(values)


def _range(name: str, *ends: str) -> Range:
    low, high = map(float, ends)
    if not low < high < float("inf"):
        raise UsageError(
            f"--search {name}={'..'.join(ends)}: the first number must be the smaller one"
        )
    return Range(low, high)


def _value(text: str) -> Option:
    """Return what TOML reads, or the text."""
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, Option) else text


@dataclass(frozen=True)
class Space:
    """All that is searched in the runs of some options.

    Attributes
    ----------
    given
        The options that stay as they are, those with defaults left out.
    wanted
        What is searched besides what components declare, or instead; it wins over ``given``.
    """

    given: Given
    wanted: Mapping[str, Searched]

    def draw(self, trial: Trial) -> Given:
        """Return the values of a trial, by the names of the options."""
        parts = {entry.option: entry.draw(trial) for entry in self._parts()}
        return parts | {entry.option: entry.draw(trial) for entry in self.entries(parts)}

    def usual(self) -> Given:
        """Return what a trial of the options as they are draws, by key, as far as that can be."""
        config = make_config(self.given)
        usual = config.flat()
        chosen = {entry.option: usual[entry.option] for entry in self._parts()}
        entries = [*self._parts(), *self.entries(chosen)]
        return {e.key: usual[e.option] for e in entries if e.holds(usual.get(e.option))}

    def entries(self, parts: Given) -> list[Entry]:
        """Return the options to search where model, method and aggregation are these."""
        found = []
        for owner, name, field in _declared(self.given | parts):
            if name in _COMPONENTS:
                continue
            whole = field.annotation is int
            extra = field.json_schema_extra
            if name in self.wanted:
                found.append(Entry(name, name, self.wanted[name], whole))
            elif isinstance(extra, dict) and SEARCH in extra and name not in self.given:
                key = f"{owner}.{name}" if owner else name
                found.append(Entry(key, name, searched(name, extra[SEARCH]), whole))
        return found

    def require_possible(self) -> None:
        """Check that each value and each end of a range can be meant, with whatever goes with it.

        Raises
        ------
        UsageError
            If one cannot be; or if nothing is searched at all.
        """
        make_config(self.given)
        known = set(_COMPONENTS)
        combinations = list(self._combinations())
        for parts in combinations:
            make_config(self._without_wanted() | parts)  # the names at least
            known |= {name for _, name, _ in _declared(self.given | parts)}
        for name in self.wanted:
            self._require_searchable(name, known)
        entries = [(parts, e) for parts in combinations for e in self.entries(parts)]
        for parts, entry in entries:
            for value in _ends(entry, parts | self.given):
                make_config(self._without_wanted() | parts | {entry.option: value})
        if not entries and len(combinations) < 2:
            raise UsageError("nothing to search: every option that is searched by default is given")

    def _require_searchable(self, name: str, known: set[str]) -> None:
        if name in _COMPARED or name in type(dataset_of(make_config(self.given))).model_fields:
            raise UsageError(f"--search {name}: trials that differ in it cannot be compared")
        if name in _OUTSIDE or name not in known:
            every = sorted(known - _COMPARED - _OUTSIDE)
            raise UsageError(f"--search {name}: {unknown('option', name, every)}")

    def _without_wanted(self) -> Given:
        return {name: value for name, value in self.given.items() if name not in self.wanted}

    def _parts(self) -> list[Entry]:
        """Return model, method and aggregation as far as they are searched."""
        found = []
        for kind in _COMPONENTS:
            if kind in self.wanted:
                what = self.wanted[kind]
                if isinstance(what, Range):
                    raise UsageError(f"--search {kind}={what}: {kind} is no number; name some: A,B")
                found.append(Entry(kind, kind, what, whole=False))
        return found

    def _combinations(self) -> Iterator[Given]:
        """Yield every model, method and aggregation that may meet, as far as they are searched."""
        parts = self._parts()
        lists = [entry.what.values for entry in parts if isinstance(entry.what, Values)]
        for values in product(*lists):
            yield dict(zip([entry.option for entry in parts], values, strict=True))


def _declared(given: Given) -> Iterator[tuple[str, str, Any]]:
    """Yield owner, name and field of the options of every run and of these components."""
    kinds: list[tuple[str, type[BaseModel]]] = [("", Config)]
    for kind, registry in _COMPONENTS.items():
        name = given.get(kind, Config.model_fields[kind].default)
        kinds.append((name, registry.get(name)))
    for owner, component in kinds:
        for name, field in component.model_fields.items():
            yield owner, name, field


def _ends(entry: Entry, given: Given) -> Sequence[Option]:
    """Return the values to check; UsageError for a range of what is no number."""
    if isinstance(entry.what, Values):
        return entry.what.values
    field = next(f for _, name, f in _declared(given) if name == entry.option)
    accepted = {field.annotation, *get_args(field.annotation)}
    ends = entry.what.low, entry.what.high
    if entry.whole and not all(end.is_integer() for end in map(float, ends)):
        raise UsageError(f"--search {entry.option}={entry.what}: its values are whole numbers")
    if entry.whole:
        return [int(end) for end in ends]
    if float not in accepted:
        raise UsageError(
            f"--search {entry.option}={entry.what}: {entry.option} is no number; list values: A,B"
        )
    return ends

"""One run of an experiment, and the row of results that it leaves."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter
from typing import Any

from fedras.components import make_config
from fedras.config import Config
from fedras.errors import PayloadError
from fedras.experiments import observers
from fedras.models import MODELS
from fedras.run.resumption import decisive
from fedras.run.summary import versions
from fedras.run.training import open_run

Row = dict[str, Any]

PAPER: Row = {
    "dim": 32,
    "monitor": "test",
    "context_weight": 0.0,
    "weight_decay": 0.007,
    "decay_per": "step",
    "bias": False,
}
"""Options that the evaluation does not take over from what is best for data of one's own."""

_NAMES = ("dataset", "model", "method")
_SAID = {*_NAMES, "compression_rate", "seed", "validation", "threads", "data_dir"}


@dataclass(frozen=True)
class Task:
    """A configuration with every default filled in, and what is measured besides.

    Attributes
    ----------
    config
        Of the run.
    observe
        The name of an observer, or empty.
    """

    config: Config
    observe: str = ""

    @classmethod
    def of(cls, given: dict[str, Any], observe: str = "") -> "Task":
        """Complete the options ``given``.

        Raises
        ------
        UsageError
            If they cannot be meant.
        """
        return cls(make_config(in_paper(given)), observe)

    @cached_property
    def key(self) -> str:
        """A digest of all that the result depends on: equal for equal runs, wherever asked for."""
        text = json.dumps([decisive(self.config), self.observe], sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()

    def __str__(self) -> str:
        """Name the run: what it trains, and every option that is not as by default.

        Its learning rate was chosen, and is named in a trial only: there always.
        """
        config, given = self.config, self.config.flat()
        names = [given[name] for name in _NAMES]
        usual = make_config(in_paper(dict(zip(_NAMES, names, strict=True)))).flat()
        usual["learning_rate"] = None if config.validation else given["learning_rate"]
        special = [name for name in sorted(given.keys() - _SAID) if given[name] != usual[name]]
        rate = f"{config.compression_rate:.2%}".replace("%", " %")
        options = [_named(name, given[name]) for name in special]
        return " ".join([*names, rate, f"seed {config.seed}", *options])


def in_paper(given: Row) -> Row:
    """Return the options ``given``, and those of `PAPER` that a run with this model has."""
    known = Config.model_fields.keys() | MODELS.get(given.get("model", "mf")).model_fields.keys()
    return {name: value for name, value in PAPER.items() if name in known} | given


def _named(option: str, value: object) -> str:
    name = option.replace("_", " ")
    return name if value is True else f"{name} {value}"


def perform(task: Task) -> Row:
    """Do a task on one thread and return its row; a run that diverges leaves the error."""
    start = perf_counter()
    config = task.config.model_copy(update={"threads": 1, "baselines": False})
    work: Callable[[Config], Row] = observers.OBSERVERS.get(task.observe, train)
    try:
        results = work(config)
    except PayloadError as error:  # numbers that are no longer finite
        results = {"error": str(error)}
    return {
        "key": task.key,
        "config": decisive(task.config),
        "observe": task.observe,
        "versions": versions(),
        **results,
        "wall_seconds": round(perf_counter() - start, 2),
    }


def train(config: Config) -> Row:
    """Train to the end; return the summary and what every evaluation found."""
    run = open_run(config)
    return observers.follow(run, run.rounds())

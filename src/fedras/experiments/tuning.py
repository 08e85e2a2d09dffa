"""The learning rate of every method, model and data set, chosen on the validation item.

Each *study* is a data set, a model and a method, with the options that make it another method:
error feedback, a number of actions, a number format, no compression at all. Every study has the
same trials (``tuned/grid.toml``), and its choice serves all rates, seeds, dimensions and cohorts.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import takewhile
from statistics import mean
from typing import Any

import tomli_w

from fedras.experiments.experiment import Given
from fedras.experiments.store import Store
from fedras.experiments.task import Row, Task

NAME = "tuning"
CHOICES = "learning-rates.toml"
RATE = "learning_rate"

_FOLDER = files("fedras.experiments") / "tuned"
_IDENTITY = ("dataset", "model", "method")
_DISTINCT = ("error_feedback", "uplink_error_feedback", "numbers", "scoring_numbers", "uplink_only")
_DATA = ("data_dir", "users", "items", "interactions", "data_seed")
_DIVERGED = -1.0


@dataclass(frozen=True)
class Study:
    """What one learning rate is chosen for.

    Attributes
    ----------
    name
        The data set, the model, the method, and the options that make it another.
    given
        The options of its trials, apart from the learning rate.
    """

    name: str
    given: Given

    def trials(self, rounds: int | None = None) -> list[Task]:
        """Return a run per learning rate of the grid, of so many rounds instead of the grid's."""
        own = _grid()["rounds"]
        default = own.get(self.given["dataset"], own["default"])
        fixed = {"validation": True, "seed": 0, "rounds": rounds or default}
        values = _grid()[RATE][self.given["model"]]
        return [Task.of(self.given | fixed | {RATE: value}) for value in values]


@dataclass(frozen=True)
class Choice:
    """What the trials of a study say.

    Attributes
    ----------
    learning_rate
        The best on the validation item.
    seconds
        What a round took, on average over the trials.
    """

    learning_rate: float
    seconds: float


def study_of(given: Given) -> Study:
    """Return the study that a run with the options ``given`` belongs to."""
    rate = given.get("compression_rate")
    grid = _grid()
    own = {name: given[name] for name in _IDENTITY}
    special = {name: given[name] for name in _DISTINCT if given.get(name)}
    if "actions" in given:
        special["actions"] = grid["actions"]
    elif rate == 0:
        special["compression_rate"] = rate
    name = " ".join([*own.values(), *(f"{key}={value}" for key, value in sorted(special.items()))])
    data = {name: given[name] for name in _DATA if name in given}
    return Study(name, {"compression_rate": grid["compression_rate"]} | own | special | data)


def studies_of(runs: Iterable[Given]) -> list[Study]:
    """Return the studies of all runs that leave the learning rate open, each once, sorted."""
    studies = {
        study.name: study for study in (study_of(given) for given in runs if RATE not in given)
    }
    return [studies[name] for name in sorted(studies)]


def committed() -> dict[str, Choice]:
    """Return the choices that come with the package, by the name of the study."""
    return parse((_FOLDER / CHOICES).read_text("utf-8"))


def choose(study: Study, store: Store, rounds: int | None = None) -> Choice | None:
    """Return the choice for ``study`` if all its trials are in ``store``, else None.

    Rates above one that diverged are not chosen, nor the highest of the grid, of which nobody knows
    how far it is from one: other seeds would diverge at them.
    """
    rows = [store.get(task) for task in study.trials(rounds)]
    done = [row for row in rows if row is not None]
    if len(done) < len(rows):
        return None
    best = max(_stable(done), key=score)
    seconds = mean(row["wall_seconds"] / row["config"]["rounds"] for row in done)
    return Choice(best["config"][RATE], round(seconds, 5))


def score(row: Row) -> float:
    """Return what a trial is judged by: NDCG@10 of the validation item, late in the run."""
    if "error" in row:
        return _DIVERGED
    last: list[float] = row["history"]["ndcg@10"][-_grid()["last"] :]
    return mean(last)


def _stable(done: list[Row]) -> list[Row]:
    """Return the trials at lower rates than the highest and any that diverged; or the first."""
    return list(takewhile(lambda row: score(row) != _DIVERGED, done[:-1])) or done[:1]


def write(store: Store, studies: list[Study], rounds: int | None = None) -> None:
    """Write the choices, and how every trial did, beside the rows of the trials."""
    choices = {study.name: choose(study, store, rounds) for study in studies}
    known = {name: choice for name, choice in choices.items() if choice}
    content = {name: {RATE: c.learning_rate, "seconds": c.seconds} for name, c in known.items()}
    store.arrange(NAME, [task for study in studies for task in study.trials(rounds)])
    store.write(NAME, CHOICES, tomli_w.dumps(content))
    store.write(NAME, "table.md", "\n".join(_lines(store, studies, rounds)) + "\n")


def _lines(store: Store, studies: list[Study], rounds: int | None) -> Iterator[str]:
    """Return a table per model: a row per study, a column per learning rate, the chosen in bold."""
    yield "# Learning rates"
    for model, values in _grid()[RATE].items():
        yield ""
        yield f"| {model} | " + " | ".join(f"{value:g}" for value in values) + " |"
        yield "|---" * (len(values) + 1) + "|"
        for study in studies:
            if study.given["model"] != model:
                continue
            scores = [
                None if row is None else score(row) for row in map(store.get, study.trials(rounds))
            ]
            choice = choose(study, store, rounds)
            shown = ["" if s is None else "diverged" if s < 0 else f"{s:.4f}" for s in scores]
            marked = [
                f"**{text}**" if choice and value == choice.learning_rate else text
                for text, value in zip(shown, values, strict=True)
            ]
            yield f"| {study.name} | " + " | ".join(marked) + " |"


def parse(text: str) -> dict[str, Choice]:
    """Return the choices in the TOML that `write` writes."""
    return {
        name: Choice(entry[RATE], entry["seconds"]) for name, entry in tomllib.loads(text).items()
    }


@cache
def _grid() -> dict[str, Any]:
    return tomllib.loads((_FOLDER / "grid.toml").read_text("utf-8"))

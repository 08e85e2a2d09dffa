"""What ``fedras reproduce`` does, from names to files: which runs are left, and doing them."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from fedras.experiments import experiment, tuning
from fedras.experiments.experiment import Experiment, Point
from fedras.experiments.runner import Event, Finished, Workers
from fedras.experiments.store import Store
from fedras.experiments.task import Row, Task
from fedras.experiments.tuning import RATE, Choice, Study, studies_of, study_of

ALL = "all"


class Written(NamedTuple):
    """The runs of an experiment are done, and its rows are in order."""

    experiment: Experiment
    found: list["Found"]


class Found(NamedTuple):
    """A point of an experiment and its row."""

    point: Point
    row: Row


@dataclass
class Reproduction:
    """A request: which experiments, how much of them, and where the results are.

    Attributes
    ----------
    names
        Of experiments, ``tuning`` or ``all``.
    out
        The folder of results.
    only
        By label, the values that points must have (`experiment.parse_only`).
    seeds, rounds
        Instead of the experiments' own.
    data_dir
        The folder that holds data sets.
    workers
        How many runs at a time.

    Raises
    ------
    UsageError
        If a name, a label or a value is unknown.
    FedrasError
        If results that are there cannot be read.
    """

    names: list[str]
    out: Path
    only: dict[str, set[str]] = field(default_factory=dict)
    seeds: int | None = None
    rounds: int | None = None
    data_dir: Path | None = None
    workers: int = 1

    def __post_init__(self) -> None:
        tunes = bool({tuning.NAME, ALL} & set(self.names))
        named = [name for name in self.names if name not in (tuning.NAME, ALL)]
        self.reports = [
            experiment.load(name)
            for name in (experiment.names() if ALL in self.names else dict.fromkeys(named))
        ]
        asked = [experiment.load(name) for name in experiment.names()] if tunes else self.reports
        points = {each.name: self._points_of(each, self.seeds) for each in asked}
        experiment.require_known([p for own in points.values() for p in own], self.only)
        self._points = {name: experiment.select(own, self.only) for name, own in points.items()}
        self.reports = [each for each in self.reports if self._points[each.name]]
        self.store = Store(self.out)
        self._committed = {} if tunes else tuning.committed()
        self.studies = studies_of(
            point.given for own in self._points.values() for point in own if point.trained
        )

    def trials(self) -> list[Task]:
        """Return the trials that are left: of all studies, or of those that have no choice yet."""
        open_studies = [study for study in self.studies if self.choice(study) is None]
        return self._left(task for study in open_studies for task in study.trials(self.rounds))

    def choice(self, study: Study) -> Choice | None:
        """Return the choice that the trials below ``out`` say, else the committed one."""
        return tuning.choose(study, self.store, self.rounds) or self._committed.get(study.name)

    def choices(self) -> dict[str, Choice]:
        """Return what is known of all studies."""
        mine = {study.name: self.choice(study) for study in self.studies}
        return tuning.committed() | {name: choice for name, choice in mine.items() if choice}

    def stages(self) -> Iterator[tuple[str, list[Task]]]:
        """Return, by name, the runs that are left, those that share none with an earlier stage.

        Runs whose learning rate is still open are of the default rate: that tells their number.
        """
        seen: set[str] = set()
        yield tuning.NAME, self.trials()
        for each in self.reports:
            tasks = [self.task(point) for point in self._points[each.name]]
            left = [task for task in self._left(tasks) if task.key not in seen]
            seen.update(task.key for task in left)
            yield each.name, left

    def task(self, point: Point) -> Task:
        """Return the run of ``point`` at its learning rate, or the default where none is chosen."""
        given = point.given
        if point.trained and RATE not in given and (choice := self.choice(study_of(given))):
            given = given | {RATE: choice.learning_rate}
        return Task.of(given, point.observe)

    def run(self) -> Generator[Event | Written, None, None]:
        """Do what is left, keep each row at once, and say when an experiment is complete."""
        lock = self.store.lock()
        try:
            with Workers(self.workers) as workers:
                yield from self._work(workers, tuning.NAME, self.trials())
                self._write_choices()
                for each in self.reports:
                    tasks = self._left(self.task(point) for point in self._points[each.name])
                    yield from self._work(workers, each.name, tasks)
                    yield self._written(each)
        finally:
            lock.release()

    def _work(self, workers: Workers, name: str, tasks: list[Task]) -> Iterator[Event]:
        for event in workers.run(tasks):
            if isinstance(event, Finished):
                self.store.add(name, event.row)
            yield event

    def _write_choices(self) -> None:
        """Write what the trials below ``out`` say, if there are any, whatever was asked for."""
        points = [
            p for name in experiment.names() for p in self._points_of(experiment.load(name), None)
        ]
        studies = studies_of(point.given for point in points if point.trained)
        tuned = [study for study in studies if tuning.choose(study, self.store, self.rounds)]
        if tuned:
            tuning.write(self.store, tuned, self.rounds)

    def _written(self, each: Experiment) -> Written:
        """Put the rows in order; the table shows all that is there, whatever was asked for."""
        fewer = self.seeds is not None and self.seeds < max(each.seeds.values())
        points = self._points_of(each, None if fewer else self.seeds)
        pairs = [(point, self.task(point)) for point in points]
        self.store.arrange(each.name, [task for _, task in pairs])
        rows = [(point, self.store.get(task, each.name)) for point, task in pairs]
        return Written(each, [Found(point, row) for point, row in rows if row is not None])

    def _points_of(self, each: Experiment, seeds: int | None) -> list[Point]:
        """Return all points of an experiment with this request's rounds and data."""
        points = each.points(seeds, self.rounds)
        data = {} if self.data_dir is None else {"data_dir": self.data_dir}
        return [replace(point, given=point.given | data) for point in points]

    def _left(self, tasks: Iterable[Task]) -> list[Task]:
        """Return the tasks that have no row, each once."""
        return list({task.key: task for task in tasks if task not in self.store}.values())

"""A tuning: which trials are begun, which are stopped early, and what came out of them."""

import hashlib
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import MedianPruner
from optuna.samplers import TPESampler
from optuna.storages import JournalStorage
from optuna.study import Study
from optuna.trial import Trial, TrialState

from fedras.components import make_config
from fedras.config import Config
from fedras.core.threads import threads
from fedras.data import Interactions
from fedras.errors import FedrasError, UsageError
from fedras.interrupts import deferred
from fedras.tuning.crew import Crew, crew_of
from fedras.tuning.folder import JOURNAL, TuningFolder
from fedras.tuning.journal import Journal
from fedras.tuning.rows import FAILED, FINISHED, OUT_OF_TIME, PRUNED, Row, best_of, score
from fedras.tuning.space import Given, Space
from fedras.tuning.trial import Ended, Reached, Report, ended_at, trial_config

_BEGUN = TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING
_COUNTED = *_BEGUN, TrialState.WAITING  # and not those that were interrupted: they come again
_RANDOM = 5  # trials before the sampler models what it saw, and before others are stopped early
_UNTOUCHED = 3  # no trial is stopped in the first of so many parts of its rounds


class Started(NamedTuple):
    """A trial begins."""

    trial: int
    options: Given


class Evaluated(NamedTuple):
    """A trial has reached an evaluated round."""

    trial: int
    reached: Reached


class Finished(NamedTuple):
    """A trial has ended; the folder has it."""

    row: Row


Event = Started | Evaluated | Finished


class _Busy(NamedTuple):
    """A trial that is being trained."""

    trial: Trial
    options: Given
    seen: list[Reached]
    stopped: list[str]


class Tuning:
    """A tuning, begun or resumed.

    Parameters
    ----------
    space
        What is searched.
    data
        What all trials train on.
    trials
        How many shall be done, those of before included.
    jobs
        How many at a time.
    seconds
        No trial begins after so many seconds, and those that are trained end at their next
        evaluated round.
    folder
        What keeps it; it is locked. By default nothing does.

    Attributes
    ----------
    data, trials, folder
        As given.
    rounds
        Of a trial, as far as that is not searched.

    Raises
    ------
    FedrasError
        If the journal cannot be read.
    """

    def __init__(
        self,
        space: Space,
        data: Interactions,
        trials: int,
        jobs: int = 1,
        seconds: float | None = None,
        folder: TuningFolder | None = None,
    ) -> None:
        self._space, self.data, self.folder = space, data, folder
        self.trials, self._jobs, self._seconds = trials, jobs, seconds
        config = make_config(space.given)
        self._seed, self.rounds = config.seed, config.rounds
        own = max(1, threads() // jobs) if jobs > 1 else 0
        self._threads = config.threads or own
        self._study = _study_in(folder, self.rounds)
        self._busy: dict[int, _Busy] = {}
        self._end: float | None = None

    @property
    def rows(self) -> list[Row]:
        """A row per trial that has ended, in their order."""
        found = [trial.user_attrs.get("row") for trial in self._study.get_trials(deepcopy=False)]
        rows = [Row.from_json(values) for values in found if values is not None]
        return sorted(rows, key=lambda row: row.trial)

    @property
    def best(self) -> Config:
        """The configuration of the best trial so far, ended in its best round.

        Raises
        ------
        FedrasError
            If no trial has come to an evaluation.
        """
        rows = self.rows
        best = best_of(rows)
        if best is None:
            raise FedrasError(
                f"no trial could be trained; the first one: {rows[0].error}"
                if rows
                else "no trial has ended; resume with more --trials or --time"
            )
        return ended_at(self._space.given | best.options, best.best_round)

    def run(self) -> Generator[Event, None, None]:
        """Do the trials that are left, and let other processes use the folder.

        Raises
        ------
        FedrasError
            If one cannot be trained whatever its options, or the folder cannot be written.
        """
        self._end = None if self._seconds is None else monotonic() + self._seconds
        try:
            self._repeat_interrupted()
            with crew_of(self._jobs, self.data) as crew:
                yield from self._work(crew)
        finally:
            if self.folder is not None:
                self.folder.release()

    def _work(self, crew: Crew) -> Iterator[Event]:
        while True:
            while crew.free() and self._wanted():
                yield from self._begin(crew)
            if not self._busy:
                return
            for number, report in crew.reports():
                with deferred():
                    event = self._heard(crew, number, report)
                yield event

    def _wanted(self) -> bool:
        return not self._late() and self._begun() < self.trials

    def _late(self) -> bool:
        return self._end is not None and monotonic() >= self._end

    def _begun(self) -> int:
        """Return the number of trials that have ended or are trained."""
        return len(self._study.get_trials(deepcopy=False, states=_BEGUN))

    def _repeat_interrupted(self) -> None:
        """Enqueue what a process that is gone was at; before anything, the options as they are."""
        study = self._study
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(self._space.usual(), {"number": 0})
        for trial in study.get_trials(states=[TrialState.RUNNING]):
            study.tell(trial.number, state=TrialState.FAIL)
            if "options" in trial.user_attrs:
                study.enqueue_trial(trial.params, {"number": trial.user_attrs["number"]})

    def _begin(self, crew: Crew) -> Iterator[Event]:
        failed = None
        with deferred():
            next_ = len(self._study.get_trials(deepcopy=False, states=_COUNTED))
            self._study.sampler = _sampler(self._seed, next_, self._jobs)
            trial = self._study.ask()
            number = trial.user_attrs.get("number", next_)
            trial.set_user_attr("number", number)
            options = self._space.draw(trial)
            trial.set_user_attr("options", options)
            self._busy[number] = _Busy(trial, options, [], [])
            try:
                config = trial_config(self._space.given | options, self._threads)
                crew.start(number, config)
            except UsageError as error:
                failed = self._end_trial(number, str(error))
        yield Started(number, options)
        if failed is not None:
            yield failed

    def _heard(self, crew: Crew, number: int, report: Report) -> Event:
        """Take note of a report; decide whether the trial goes on."""
        if isinstance(report, Ended):
            return self._end_trial(number, report.error)
        trial, _, seen, stopped = self._busy[number]
        seen.append(report)
        trial.report(score(report), report.round)
        if not report.last and self._late():
            stopped.append(OUT_OF_TIME)
        elif not report.last and trial.should_prune():
            stopped.append(PRUNED)
        crew.answer(number, not stopped)
        return Evaluated(number, report)

    def _end_trial(self, number: int, error: str) -> Finished:
        trial, options, seen, stopped = self._busy.pop(number)
        state = FAILED if error else (stopped or [FINISHED])[0]
        row = Row.of(number, state, options, [] if error else seen, error)
        trial.set_user_attr("row", row.to_json())
        if state == FINISHED:
            self._study.tell(trial, max(map(score, seen)))
        else:
            self._study.tell(trial, state=TrialState.PRUNED)
        if self.folder is not None and best_of(self.rows) is not None:
            self.folder.write(self.rows, self.best)
        return Finished(row)


def _study_in(folder: TuningFolder | None, rounds: int) -> Study:
    pruner = MedianPruner(n_startup_trials=_RANDOM, n_warmup_steps=rounds // _UNTOUCHED)
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        return optuna.create_study(
            storage=None if folder is None else _storage(folder.path / JOURNAL),
            pruner=pruner,
            study_name="fedras",
            direction="maximize",
            load_if_exists=True,
        )
    finally:
        optuna.logging.set_verbosity(before)


def _storage(path: Path) -> JournalStorage:
    try:
        return JournalStorage(Journal(path))
    except (LookupError, TypeError, ValueError, AttributeError):  # of logs that it did not write
        raise FedrasError(f"{path} is damaged; tune again with another --out") from None


def _sampler(seed: int, begun: int, jobs: int) -> TPESampler:
    """Return the sampler of the next trial: the same after any interruption.

    A sampler that goes on drawing would begin again with its first numbers.
    """
    own = hashlib.blake2b(f"{seed} {begun}".encode(), digest_size=4).digest()
    settings: dict[str, Any] = {"multivariate": True, "group": True, "constant_liar": jobs > 1}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return TPESampler(n_startup_trials=_RANDOM, seed=int.from_bytes(own), **settings)

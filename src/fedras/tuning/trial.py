"""A trial: a run that is evaluated on the validation item and kept nowhere."""

from collections.abc import Generator
from contextlib import closing
from time import perf_counter
from typing import Any, NamedTuple

from fedras.components import make_config, method_of, model_of
from fedras.config import Config
from fedras.data import Interactions
from fedras.errors import PayloadError, UsageError
from fedras.run.run import Run
from fedras.run.training import open_run


class Reached(NamedTuple):
    """What a trial has reached in an evaluated round.

    Attributes
    ----------
    round
        The number of rounds done.
    last
        Whether none is left.
    metrics
        Of the validation item.
    up, down
        Bytes that a user sent and received so far, on average over all users; who takes part
        fetches all that was missed.
    seconds
        What it took so far.
    """

    round: int
    last: bool
    metrics: dict[str, float]
    up: float
    down: float
    seconds: float


class Ended(NamedTuple):
    """The last report of a trial.

    Attributes
    ----------
    error
        Why it could not be trained to its end: its numbers diverged, or its options do not go
        together. Empty if it was, or if it was stopped.
    """

    error: str = ""


Report = Reached | Ended
Work = Generator[Report, bool | None, None]


def perform(config: Config, data: Interactions) -> Work:
    """Train on the validation split; each step is a report, which is answered: go on or not.

    Raises
    ------
    FedrasError
        If it is not for the options that it cannot be trained.
    """
    start = perf_counter()
    try:
        run = open_run(config, interactions=data)
        with closing(run.rounds()) as rounds:
            for result in rounds:
                if result.metrics and not (yield _reached(run, result.metrics, start)):
                    break
    except (PayloadError, UsageError) as error:
        yield Ended(str(error))
    else:
        yield Ended()


def _reached(run: Run[Any], metrics: dict[str, float], start: float) -> Reached:
    users, totals = run.federation.interactions.n_users, run.totals
    up, down = (way.sent.total() / users for way in (totals.uplink, totals.fetched))
    return Reached(run.round, run.finished, metrics, up, down, perf_counter() - start)


def trial_config(options: dict[str, Any], threads: int) -> Config:
    """Return the configuration of a trial with these options."""
    return make_config(options | {"validation": True, "threads": threads})


def ended_at(options: dict[str, Any], round_: int) -> Config:
    """Return the configuration of a run that ends where the trial of ``options`` was best.

    It does not end before: that was decided. Its learning rates are those of the trial's first
    rounds, so the last one is higher than in a run of as many rounds.
    """
    config = make_config(options | {"validation": False, "patience": 0})
    rounds = config.rounds
    if round_ >= rounds or method_of(config).configure(config).rounds != rounds:
        return config
    model = model_of(config)
    left = model.rate_at(round_ - 1, rounds) / model.learning_rate
    return make_config(config.flat() | {"rounds": round_, "final_learning_rate": left})

"""What the validation item decides while training goes on: its end, and the context.

A run trains on all but the test item and the validation item before it, which says how well things
go (`Config.monitor`). When that gets no better for `Config.patience` evaluations the middle of the
run is left out. In its last share of rounds (`Config.last_share`), with the learning rate nearly at
its end, the validation item trains like any other; nothing is chosen any more. The test item is
ranked once, when training is over.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fedras import data
from fedras.arrays import Int64s
from fedras.components import model_of, split_of
from fedras.config import Config
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Evaluation
from fedras.federation.state import State
from fedras.models.context import CHOICES, OFF, SHRUNK, Context

VALIDATION = "validation"


@dataclass
class Schedule:
    """How far training is, beyond the number of rounds.

    Attributes
    ----------
    skipped
        How many rounds were left out.
    context
        The best so far, or the one that was asked for.
    best, stale
        The highest NDCG@10 of the validation item, and how many evaluations ago that was.
    """

    skipped: int = 0
    context: Context = OFF
    best: float = -1.0
    stale: int = 0

    def decide(self, config: Config, round_: int, counts: Int64s) -> dict[str, float] | None:
        """Take the best context, and leave out the middle of the run if nothing gets better.

        Parameters
        ----------
        config
            Of the run.
        round_
            How many rounds were done.
        counts
            int64[contexts, bins], the histograms of ranks in each of `choices` (`metrics.counts`).

        Returns
        -------
        The metrics in the best context; None if nobody has an item that was ranked.
        """
        if not counts.any():
            return None
        found = [metrics.of_counts(each, config.at) for each in counts]
        which = int(np.argmax([metric[metrics.DECIDES] for metric in found]))
        self.context, now = choices(config)[which], found[which][metrics.DECIDES]
        self.best, self.stale = max(now, self.best), 0 if now > self.best else self.stale + 1
        left = joining(config) - self.skipped - round_
        if config.patience and self.stale >= config.patience and left > 0:
            self.skipped += left
        return found[which]

    def values(self) -> dict[str, Any]:
        """Return what `restored` reads, as JSON can hold it."""
        return vars(self)

    @classmethod
    def restored(cls, state: State, config: Config, round_: int) -> "Schedule":
        """Return what `values` gave, after so many rounds; ValueError if that cannot be."""
        kept = dict(state.values["schedule"])
        schedule = cls(**kept | {"context": Context.read(kept["context"])})
        skipped, best, stale = schedule.skipped, schedule.best, schedule.stale
        if type(skipped) is not int or not 0 <= skipped <= min(
            joining(config), config.rounds - round_
        ):
            raise ValueError(f"it leaves out {skipped} rounds of {config.rounds}")
        if type(best) not in {int, float} or not -1 <= best <= 1:
            raise ValueError(f"its best NDCG@10 is {best}")
        if type(stale) is not int or not 0 <= stale <= round_:
            raise ValueError(f"it is {stale} evaluations since that was reached")
        return schedule


def first_schedule(config: Config) -> Schedule:
    """Return the schedule of a run that has not begun."""
    return Schedule(context=choices(config)[0])


def choices(config: Config) -> tuple[Context, ...]:
    """Return the contexts that validation may choose from, or the one that was asked for."""
    if config.context_weight is not None:
        return (Context(config.context_decay, config.context_weight),)
    if monitored(config) != VALIDATION:
        return (OFF,)
    return CHOICES + SHRUNK if model_of(config).has_bias else CHOICES


def watches(config: Config) -> bool:
    """Return whether a validation item is held out beside the test item."""
    return config.monitor == VALIDATION and not config.validation


def monitored(config: Config) -> str:
    """Return whose item is ranked while training: ``validation`` or ``test``."""
    return VALIDATION if config.validation else config.monitor


def evaluation_of(
    interactions: data.Interactions, config: Config, validation: bool = False
) -> Evaluation:
    """Return what ranks the test, or the validation item as if there were no test item.

    So a user's test item may be among what the validation item has to beat. Were it left out, it
    would have a say in what is chosen.
    """
    split = split_of(interactions, config, validation)
    if validation:
        interactions = data.known(interactions, split)
    return Evaluation(interactions, split, config.eval_negatives, config.at)


def joining(config: Config) -> int:
    """Return after how many rounds, those left out included, the validation item trains too."""
    return config.rounds - round(config.rounds * config.last_share) if watches(config) else 0


def joined(config: Config, progress: int) -> bool:
    """Return whether the validation item trains in the next round, after so many."""
    return watches(config) and progress >= joining(config)


def unseen(config: Config, progress: int) -> bool:
    """Return whether, after so many rounds, nobody has trained on what is ranked."""
    return not watches(config) or progress <= joining(config)

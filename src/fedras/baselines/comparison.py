"""All baselines on the data of a run: same split, same candidates, same metrics."""

from time import perf_counter
from typing import Any

import numpy as np

from fedras import data
from fedras.arrays import Int64s
from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows
from fedras.baselines.search import climb, tries
from fedras.config import Config
from fedras.errors import DataError
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Evaluation, Scores

_MOST_USERS = 2000  # that settings are chosen by
_MOST_SCORES = 4_000_000_000  # that are ranked in the end

Found = dict[str, Any]


def compare(
    interactions: data.Interactions, config: Config, names: list[str] | None = None
) -> dict[str, Found]:
    """Return what each baseline reaches, tuned on the validation item, in order of their names.

    Settings are chosen by NDCG@10 of the items held out for validation, against the sampled ones,
    of up to 2,000 users. With these the baseline is fitted on all rows but the test, which is
    ranked once.

    Parameters
    ----------
    interactions
        The data.
    config
        Says how it is split and ranked. With ``validation`` the test is left out of it all, and
        what is ranked also chooses the settings.
    names
        Of the baselines; by default all.

    Returns
    -------
    For each name ``settings``, how many were ``tried``, ``metrics``, ``metrics_full``, how many
    ``users`` they are of (fewer than all where ranking takes too long) and ``seconds``; or
    ``left_out``, which says why.
    """
    names = BASELINES.names() if names is None else names
    try:
        tuning = Ranking(interactions, config, validation=True)
    except DataError as error:
        return {name: {"left_out": f"nothing to choose settings by: {error}"} for name in names}
    final = tuning if config.validation else Ranking(interactions, config, validation=False)
    return {name: measured(BASELINES.get(name), tuning, final) for name in names}


class Ranking:
    """Training rows and the held-out items to be ranked, of a run's evaluation."""

    def __init__(self, interactions: data.Interactions, config: Config, validation: bool) -> None:
        self.split = data.divide(interactions, config.split, config.test_share, validation)
        self.rows = Rows.of(self.split.indptr, self.split.items, interactions.n_items)
        self._rank = Evaluation(interactions, self.split, config.eval_negatives, config.at)

    def sampled(self, scores: Scores) -> dict[str, float]:
        """Return the metrics against sampled items, of some users where there are many."""
        listed = self._rank.listed(scores, self._some(_MOST_USERS))
        return metrics.summary(listed.sampled, self._rank.at)

    def both(self, scores: Scores) -> tuple[dict[str, float], dict[str, float]]:
        """Return the metrics against sampled items and against all that are not trained on."""
        listed = self._rank.listed(scores, self._all())
        sampled, full = (metrics.summary(each, self._rank.at) for each in listed[:2])
        return sampled, full

    @property
    def users(self) -> int:
        """How many users `both` is of."""
        return len(self._all())

    def _all(self) -> Int64s:
        return self._some(max(_MOST_USERS, _MOST_SCORES // self.rows.width))

    def _some(self, most: int) -> Int64s:
        """Return places of users who are evaluated, evenly spread if there are too many."""
        every = -(-len(self._rank.people) // most)
        return np.arange(0, len(self._rank.people), max(1, every))


def measured(kind: type[Baseline], tuning: Ranking, final: Ranking) -> Found:
    """Return what `compare` says of a baseline: chosen on one ranking, measured on another."""
    started = perf_counter()
    work = kind.work(final.rows)
    if not (most := tries(work)):
        return {"left_out": f"too much data: about {work:.0e} operations to learn from it once"}

    def value(settings: Baseline) -> float:
        return tuning.sampled(settings.fit(tuning.rows))[metrics.DECIDES] if kind.axes else 0.0

    best, tried = climb(kind, value, most)
    sampled, full = final.both(best.fit(final.rows))
    return {
        "settings": best.model_dump(),
        "tried": tried,
        "metrics": sampled,
        "metrics_full": full,
        "users": final.users,
        "seconds": perf_counter() - started,
    }

"""All baselines on the data of a run: same split, same candidates, same metrics."""

from time import perf_counter
from typing import Any

import numpy as np

from fedras import data
from fedras.arrays import Int64s
from fedras.baselines.baseline import BASELINES, Baseline, Scores
from fedras.baselines.rows import Rows
from fedras.baselines.search import climb, tries
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Evaluation
from fedras.kernels.gather import gather

TUNED_BY = "ndcg@10"
_MOST_USERS = 2000  # that settings are chosen by
_MOST_SCORES = 4_000_000_000
_BLOCK_SCORES = 1 << 20

Found = dict[str, Any]


def compare(
    interactions: data.Interactions,
    negatives: int = 99,
    validation: bool = False,
    names: list[str] | None = None,
) -> dict[str, Found]:
    """Return what each baseline reaches, tuned on the validation item, in order of their names.

    Settings are chosen by NDCG@10 of the item before the last one, against the sampled items, of
    up to 2,000 users. With these the baseline is fitted on all rows but the test, which is ranked
    once.

    Parameters
    ----------
    interactions, negatives
        The data, and how many sampled items the held-out one is ranked against.
    validation
        For tuning: the test item is left out of it all, and the item before it takes its place. It
        also chooses the settings then.
    names
        Of the baselines; by default all.

    Returns
    -------
    For each name ``settings``, how many were ``tried``, ``metrics``, ``metrics_full``, how many
    ``users`` they are of (fewer than all where ranking takes too long) and ``seconds``; or
    ``left_out``, which says why there is too much data.
    """
    tuning = Ranking(interactions, True, negatives)
    final = tuning if validation else Ranking(interactions, False, negatives)
    names = BASELINES.names() if names is None else names
    return {name: measured(BASELINES.get(name), tuning, final) for name in names}


class Ranking:
    """Training rows and the held-out items to be ranked, of a run's evaluation."""

    def __init__(self, interactions: data.Interactions, validation: bool, negatives: int) -> None:
        self.split = data.leave_one_out(interactions, validation)
        self.rows = Rows.of(self.split.indptr, self.split.items, interactions.n_items)
        self._rank = Evaluation(interactions, self.split, negatives)

    def sampled(self, scores: Scores) -> dict[str, float]:
        """Return the metrics against sampled items, of some users where there are many."""
        return metrics.summary(self._ranks(scores, self._some(_MOST_USERS), full=False)[0])

    def both(self, scores: Scores) -> tuple[dict[str, float], dict[str, float]]:
        """Return the metrics against sampled items and against all that are not trained on."""
        sampled, full = self._ranks(scores, self._all(), full=True)
        return metrics.summary(sampled), metrics.summary(full)

    @property
    def users(self) -> int:
        """How many users `both` is of."""
        return len(self._all())

    def _all(self) -> Int64s:
        return self._some(max(_MOST_USERS, _MOST_SCORES // self.rows.width))

    def _some(self, most: int) -> Int64s:
        """Return the numbers of users who are evaluated, evenly spread if there are too many."""
        every = -(-len(self._rank.users) // most)
        return np.arange(0, len(self._rank.users), max(1, every))

    def _ranks(self, scores: Scores, mine: Int64s, full: bool) -> tuple[Int64s, Int64s]:
        n_items = self.rows.width
        ranks = np.empty((2, len(mine)), np.int64)
        size = max(1, _BLOCK_SCORES // n_items)
        for at in range(0, len(mine), size):
            block = slice(at, at + size)
            users, held = self._rank.users[mine[block]], self._rank.held_out[mine[block]]
            against = self._rank.negatives[mine[block]]
            found = scores(users)
            candidates = np.concatenate((held[:, None], against), axis=1)
            ranks[0, block] = metrics.sampled_ranks(
                np.take_along_axis(found, candidates, axis=1), against
            )
            if full:
                trained, bounds = gather(self.split.indptr, self.split.items, users)
                ranks[1, block] = metrics.full_ranks(
                    found.__getitem__, held, bounds, trained, n_items
                )
        return ranks[0], ranks[1]


def measured(kind: type[Baseline], tuning: Ranking, final: Ranking) -> Found:
    """Return what `compare` says of a baseline: chosen on one ranking, measured on another."""
    started = perf_counter()
    work = kind.work(final.rows)
    if not (most := tries(work)):
        return {"left_out": f"too much data: about {work:.0e} operations to learn from it once"}

    def value(settings: Baseline) -> float:
        return tuning.sampled(settings.fit(tuning.rows))[TUNED_BY] if kind.axes else 0.0

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

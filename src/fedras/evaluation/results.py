"""What became of each user's held-out items, and what follows for all users together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fedras.arrays import Float64s, Int64s, Strings
from fedras.errors import UsageError
from fedras.evaluation import metrics
from fedras.evaluation.significance import Difference, Interval, difference, intervals

Cutoffs = Sequence[int]


@dataclass(frozen=True, eq=False)
class Results:
    """The ranks of all held-out items by one run.

    Attributes
    ----------
    name
        What messages call the run.
    of
        A digest of the users, what they train on, their held-out items and the sampled ones: runs
        can be compared if it is the same.
    users, items
        str[T], whose each held-out item is, and which it is: grouped by user.
    counts
        int64[P], how many of them each user has.
    ranks
        int64[T] by the names that summaries have: ``metrics`` among sampled items, ``metrics_full``
        among all; counted from 0.
    recommended
        What `evaluation.beyond` says.
    """

    name: str
    of: str
    users: Strings
    items: Strings
    counts: Int64s
    ranks: dict[str, Int64s]
    recommended: dict[str, float]

    def intervals(self, at: Cutoffs = metrics.CUTOFFS) -> dict[str, dict[str, Interval]]:
        """Return metrics over all users, with bootstrap intervals, by ranking and name."""
        found = {}
        for ranking in self.ranks:
            each = intervals(self._gains(ranking, at), self.counts)
            found[ranking] = dict(zip(metrics.names(at), each, strict=True))
        return found

    def against(
        self, other: "Results", at: Cutoffs = metrics.CUTOFFS
    ) -> dict[str, dict[str, Difference]]:
        """Return what this run has more than another, by ranking and name.

        Raises
        ------
        UsageError
            If the other has not the same users and held-out items.
        """
        if self.of != other.of:
            raise UsageError(
                f"{self.name} and {other.name} do not rank the same items of the same users: they "
                f"need the same data, split, test_share, validation and eval_negatives"
            )
        found = {}
        for ranking in self.ranks:
            mine, others = self._gains(ranking, at), other._gains(ranking, at)
            each = difference(mine, others, self.counts)
            found[ranking] = dict(zip(metrics.names(at), each, strict=True))
        return found

    def _gains(self, ranking: str, at: Cutoffs) -> Float64s:
        """Return float64[P, m], what each user's held-out items add to each metric."""
        names = metrics.names(at)
        each = np.column_stack([metrics.gains(self.ranks[ranking], name) for name in names])
        starts = np.cumsum(self.counts) - self.counts
        return np.add.reduceat(each, starts) if len(starts) else each

    @staticmethod
    def columns(at: Cutoffs = metrics.CUTOFFS) -> list[str]:
        """Return the names of what `rows` yields."""
        names = metrics.names(at)
        return ["user", "item", "rank", "rank_full", *names, *(f"{name}_full" for name in names)]

    def rows(self, at: Cutoffs = metrics.CUTOFFS) -> Iterator[list[Any]]:
        """Yield a row per held-out item: ids, ranks counted from 1, and what it adds to metrics."""
        ranks = list(self.ranks.values())
        gains = [metrics.gains(each, name).tolist() for each in ranks for name in metrics.names(at)]
        places = [(each + 1).tolist() for each in ranks]
        columns = [self.users.tolist(), self.items.tolist(), *places, *gains]
        return (list(row) for row in zip(*columns, strict=True))

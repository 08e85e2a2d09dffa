"""Naming users' items by what was seen: learnt from other users, whose items are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fedras.arrays import Bools, Float64s, Int64s
from fedras.audit.evidence import KINDS, ROWS, STEPS
from fedras.audit.watching import Case
from fedras.parallel import one_blas_thread

POPULARITY = "popularity"
EVERYTHING = (*KINDS, POPULARITY)
ROWS_ALONE, STEPS_ALONE = "rows alone", "steps alone"
ATTACKS = {"everything": EVERYTHING, ROWS_ALONE: ROWS, STEPS_ALONE: STEPS}
"""What each attack looks at: columns of the evidence, and how many other users have an item."""

_EACH = 20_000
_NEGATIVES = 2
_STEPS = 20
_RIDGE = 1.0
_LEVELS = np.linspace(-3, 3, 61)


@dataclass(frozen=True, eq=False)
class Attack:
    """Weights of what is looked at, and the score above which an item is named.

    It is learnt from some users whose items are known, and used on others.

    Attributes
    ----------
    kinds
        What it looks at, of `EVERYTHING`.
    popular
        float64[N], the logarithm of how many of the known users have each item.
    weights
        float64[len(kinds)].
    level
        The score above which an item is named.
    f1
        The mean over the known users.
    """

    kinds: Sequence[str]
    popular: Float64s
    weights: Float64s
    level: float = 0.0
    f1: float = 0.0

    def names(self, case: Case) -> Bools:
        """Return bool[U, N], the items that it takes for each user's."""
        named: Bools = self.scores(case) > self.level
        return named

    @one_blas_thread
    def scores(self, case: Case) -> Float64s:
        """Return float64[U, N]: the higher, the rather is it one of the user's."""
        weight = dict(zip(self.kinds, self.weights.tolist(), strict=True))
        seen = np.array([weight.get(kind, 0.0) for kind in KINDS])
        scores: Float64s = case.evidence @ seen
        scores += weight.get(POPULARITY, 0.0) * self.popular
        return scores


def learn(case: Case, kinds: Sequence[str]) -> Attack:
    """Return the attack that looks at ``kinds`` and does best on users whose items are known.

    Scores are logarithms of odds, by logistic regression on pairs of user and item; the level is
    that of the largest mean F1 over the users.
    """
    popular = np.log1p(case.own.sum(axis=0, dtype=np.float64))
    users, items = _sample(case.own)
    columns = dict(zip(KINDS, case.evidence[users, items].T.astype(np.float64), strict=True))
    columns[POPULARITY] = popular[items]
    seen = np.stack([columns[kind] for kind in kinds], axis=1)
    weights = _logistic(seen, case.own[users, items])
    attack = Attack(kinds, popular, weights)
    level, f1 = _best_level(attack.scores(case), case.own)
    return replace(attack, level=level, f1=f1)


def most_popular(popular: Float64s, counts: Int64s) -> Bools:
    """Return bool[U, N]: for each user so many of the most popular items, int64[U]."""
    rank = np.empty(len(popular), np.int64)
    rank[np.argsort(-popular, kind="stable")] = np.arange(len(popular))
    named: Bools = rank < counts[:, None]
    return named


def _sample(own: Bools) -> tuple[Int64s, Int64s]:
    """Return users and items of some pairs: those that belong together, and more that do not.

    Which share of either is taken moves scores by a constant, which the level makes up for.
    """
    rng = np.random.default_rng(0)
    flat = own.ravel()
    pairs = []
    for there, most in ((flat, _EACH), (~flat, _NEGATIVES * _EACH)):
        found = np.flatnonzero(there)
        pairs.append(found if len(found) <= most else rng.choice(found, most, replace=False))
    users, items = np.divmod(np.concatenate(pairs), own.shape[1])
    return users, items


@one_blas_thread
def _logistic(seen: Float64s, own: Bools) -> Float64s:
    """Return the weights, float64[F], of a logistic regression with a small ridge (by Newton)."""
    spread = seen.std(axis=0)
    scale = np.where(spread > 1e-9, spread, np.inf)  # what does not vary says nothing
    rows = np.column_stack(((seen - seen.mean(axis=0)) / scale, np.ones(len(seen))))
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (likely - own) + _RIDGE * weights
        curve = (rows * (likely * (1 - likely))[:, None]).T @ rows + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights = weights - step
        if np.abs(step).max() < 1e-6:
            break
    return weights[:-1] / scale


def _best_level(scores: Float64s, own: Bools) -> tuple[float, float]:
    """Return the level above which naming has the largest mean F1 over users, and that."""
    middle, spread = float(np.median(scores[own])), float(scores.std())
    had = own.sum(axis=1)
    best = middle, 0.0
    for level in (middle + spread * _LEVELS).tolist():
        named = scores > level
        right = (named & own).sum(axis=1)
        f1 = float((2 * right / np.maximum(1, named.sum(axis=1) + had)).mean())
        best = max(best, (level, f1), key=lambda pair: pair[1])
    return best

"""Ranking quality of held-out items, and the ranks they rest on.

With r the number of candidates that do not score below the held-out item (a tie counts against it,
and so does NaN), a metric at the cut-off k is the mean over held-out items of

    [r < k] / discount(r).

Sampled ranks compare with 99 fixed negatives (He et al., Neural Collaborative Filtering, WWW 2017),
full ranks with every item that the user has not interacted with in training.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fedras.arrays import Float32s, Float64s, Int32s, Int64s

CUTOFFS = (5, 10, 20)
"""The k of metrics, where nobody says others."""
MAIN = 10
"""The k that is always among them, and first."""
DECIDES = f"ndcg@{MAIN}"
"""The metric by which everything is chosen and compared."""
_SHOWN = f"hr@{MAIN}", DECIDES


def hit_rate(ranks: Int64s) -> Float64s:
    """Return 1, the discount of HR@k: the share of held-out items among the first k.

    Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, ACM TOIS 22(1), 2004. With
    one held-out item it is recall@k.
    """
    return np.ones(len(ranks))


def ndcg(ranks: Int64s) -> Float64s:
    """Return log2(r + 2), the discount of NDCG@k, whose ideal is 1 with one relevant item.

    Järvelin and Kekäläinen, Cumulated Gain-Based Evaluation of IR Techniques, ACM TOIS 20(4), 2002.
    """
    return np.asarray(np.log2(ranks + 2.0))


def mrr(ranks: Int64s) -> Float64s:
    """Return r + 1, the discount of MRR@k: the mean of reciprocal positions.

    Voorhees, The TREC-8 Question Answering Track Report, TREC 1999.
    """
    return np.asarray(ranks + 1.0, np.float64)


DISCOUNTS: dict[str, Callable[[Int64s], Float64s]] = {"hr": hit_rate, "ndcg": ndcg, "mrr": mrr}
"""By name, what divides the gain of a held-out item of each rank, int64[n] counted from 0."""


def bins(at: Sequence[int]) -> int:
    """Return how many numbers a histogram has from which metrics at these cut-offs follow."""
    return max(at) + 1


def names(at: Sequence[int]) -> list[str]:
    """Return the names of all metrics, such as ``hr@10``: those at `MAIN` first."""
    cutoffs = sorted(at, key=lambda k: (k != MAIN, k))
    return [f"{name}@{k}" for k in cutoffs for name in DISCOUNTS]


def in_words(found: Mapping[str, Any]) -> list[str]:
    """Return what stands for all metrics where there is little room: ``HR@10 0.6723``, if known."""
    return [f"{name.upper()} {found[name]:.4f}" for name in _SHOWN if found.get(name) is not None]


def gains(ranks: Int64s, name: str) -> Float64s:
    """Return float64[n], what each held-out item adds to a metric, which is their mean.

    Parameters
    ----------
    ranks
        int64[n], counted from 0.
    name
        One of `names`.
    """
    kind, _, k = name.partition("@")
    return np.where(ranks < int(k), 1.0 / DISCOUNTS[kind](ranks), 0.0)


def summary(ranks: Int64s, at: Sequence[int] = CUTOFFS) -> dict[str, float]:
    """Return all metrics of ranks, int64[n] counted from 0, by their names."""
    return of_counts(counts(ranks, bins(at)), at)


def counts(ranks: Int64s, bins: int) -> Int64s:
    """Return int64[bins]: how many of the ranks, int64[n], are 0, 1, ..., and bins - 1 or more.

    It is all that metrics depend on. Counts of parts of the users add up, in any order, to the
    counts of all: so a federation's metrics do not depend on who is where.
    """
    return np.bincount(np.minimum(ranks, bins - 1), minlength=bins).astype(np.int64)


def of_counts(found: Int64s, at: Sequence[int] = CUTOFFS) -> dict[str, float]:
    """Return what `summary` does, from `counts`, int64[more than the largest cut-off]."""
    total, metrics = max(1, int(found.sum())), {}
    for name in names(at):
        kind, _, k = name.partition("@")
        ranks = np.arange(int(k))
        metrics[name] = float((found[: int(k)] / DISCOUNTS[kind](ranks)).sum()) / total
    return metrics


def sampled_ranks(scores: Float32s, negatives: Int32s) -> Int64s:
    """Return int64[B], the rank of each user's held-out item among its negatives.

    Parameters
    ----------
    scores
        float32[B, 1 + K]: of the held-out item, then of the negatives.
    negatives
        int32[B, K]; -1 where a user has fewer than K, which never counts.
    """
    ahead = ~(scores[:, 1:] < scores[:, :1]) & (negatives >= 0)
    return np.asarray(ahead.sum(axis=1), np.int64)

"""Ranking quality of held-out items, and the ranks they rest on.

With r the number of candidates that do not score below the held-out item (a tie counts against it,
and so does NaN), over the users that have one:

- HR@k = mean of [r < k],
- NDCG@k = mean of [r < k] / log2(r + 2), the gain of one relevant item at position r + 1.

Sampled ranks compare with 99 fixed negatives (He et al., Neural Collaborative Filtering, WWW 2017),
full ranks with every item that the user has not interacted with in training.
"""

from collections.abc import Callable

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.kernels.ranks import ranks_of

_BLOCK_SCORES = 1 << 22
_K = 10
BINS = _K + 1
"""Numbers in a histogram of ranks (`counts`)."""


def hit_rate(ranks: Int64s, k: int = 10) -> float:
    """Return HR@k of the ranks, int64[n] counted from 0."""
    return float(np.mean(ranks < k)) if len(ranks) else 0.0


def ndcg(ranks: Int64s, k: int = 10) -> float:
    """Return NDCG@k of the ranks, int64[n] counted from 0."""
    gains = np.where(ranks < k, 1.0 / np.log2(ranks + 2.0), 0.0)
    return float(np.mean(gains)) if len(ranks) else 0.0


def summary(ranks: Int64s) -> dict[str, float]:
    """Return ``{"hr@10": ..., "ndcg@10": ...}``."""
    return of_counts(counts(ranks))


def counts(ranks: Int64s) -> Int64s:
    """Return int64[11]: how many of the ranks, int64[n], are 0, 1, ..., 9, and 10 or more.

    It is all that HR@10 and NDCG@10 depend on. Counts of parts of the users add up, in any order,
    to the counts of all: so a federation's metrics do not depend on who is where.
    """
    return np.bincount(np.minimum(ranks, _K), minlength=BINS).astype(np.int64)


def of_counts(found: Int64s) -> dict[str, float]:
    """Return what `summary` does, from int64[11] `counts`."""
    users, gains = max(1, int(found.sum())), found[:_K] / np.log2(np.arange(_K) + 2.0)
    return {"hr@10": int(found[:_K].sum()) / users, "ndcg@10": float(gains.sum()) / users}


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


def full_ranks(
    score: Callable[[slice], Float32s],
    held_out: Int32s,
    indptr: Int64s,
    items: Int32s,
    n_items: int,
) -> Int64s:
    """Return int64[B], the rank of each user's held-out item among all items not trained on.

    Parameters
    ----------
    score
        Given a slice of the users, their scores of all items, float32[b, N].
    held_out
        int32[B], each user's held-out item.
    indptr, items
        User u trained on ``items[indptr[u]:indptr[u + 1]]``, which are no candidates; the
        held-out item always is one.
    n_items
        N; users are scored in blocks that hold a few million scores.
    """
    ranks = np.empty(len(held_out), np.int64)
    block = max(1, _BLOCK_SCORES // n_items)
    for start in range(0, len(held_out), block):
        users = slice(start, min(start + block, len(held_out)))
        bounds = indptr[users.start : users.stop + 1]
        ranks[users] = ranks_of(score(users), held_out[users], bounds, items)
    return ranks

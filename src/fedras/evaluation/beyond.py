"""What is recommended to all users together, whether they like it or not.

Over the first ten items of every user that is evaluated, among those that the user has not trained
on; nothing is said of who is not evaluated.
"""

import numpy as np

from fedras.arrays import Float64s, Int32s
from fedras.data import Split


def measured(lists: Int32s, popularity: Float64s) -> dict[str, float]:
    """Return coverage, mean popularity and Gini index of recommendations.

    Parameters
    ----------
    lists
        int32[P, 10], the items recommended to each user; -1 for none.
    popularity
        float64[N], of each item.
    """
    counts = np.bincount(lists[lists >= 0], minlength=len(popularity)).astype(np.float64)
    return {
        "coverage@10": coverage(counts),
        "popularity@10": mean_popularity(counts, popularity),
        "gini@10": gini(counts),
    }


def popularity(split: Split, n_items: int) -> Float64s:
    """Return float64[N]: the share of users who have each item in training."""
    users = np.repeat(np.arange(len(split.indptr) - 1), np.diff(split.indptr))
    pairs = np.unique(users * n_items + split.items)
    return np.bincount(pairs % n_items, minlength=n_items) / max(1, len(split.indptr) - 1)


def coverage(counts: Float64s) -> float:
    """Return the share of all items that are recommended to somebody.

    Ge, Delgado-Battenfeld and Jannach, Beyond Accuracy: Evaluating Recommender Systems by Coverage
    and Serendipity, RecSys 2010.

    Parameters
    ----------
    counts
        float64[N], how often each item is recommended.
    """
    return float(np.mean(counts > 0)) if len(counts) else 0.0


def mean_popularity(counts: Float64s, popularity: Float64s) -> float:
    """Return the mean popularity over all recommendations; 0 if there is none.

    Abdollahpouri, Burke and Mobasher, Managing Popularity Bias in Recommender Systems with
    Personalized Re-ranking, FLAIRS 2019 (average recommendation popularity, here as a share).
    """
    return float(counts @ popularity / max(1.0, counts.sum()))


def gini(counts: Float64s) -> float:
    """Return 0 where all items are recommended equally often, 1 where only one ever is.

    With the counts ascending, c_1 <= ... <= c_N, and C their sum:

        G = sum_j (2 j - N - 1) c_j / ((N - 1) C)

    Shani and Gunawardana, Evaluating Recommendation Systems, in Recommender Systems Handbook, 2011.
    """
    n, total = len(counts), counts.sum()
    if n < 2 or not total:
        return 0.0
    weights = 2.0 * np.arange(1, n + 1) - n - 1
    return float(weights @ np.sort(counts) / ((n - 1) * total))

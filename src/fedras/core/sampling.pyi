"""Items drawn for many users, from a stream of random numbers for each.

An array of another type, order or shape than said is a TypeError, one that does not fit the others
or an index outside an array a ValueError.
"""

from typing import SupportsIndex

from fedras.arrays import Float32s, Int32s, Int64s, UInt64s

def sample_all(
    seed_key: SupportsIndex,
    keys: UInt64s,
    indptr: Int64s,
    items: Int32s,
    n_items: int,
    negatives: Int32s,
) -> None:
    """Fill in int32[M, count], distinct items per user that its history does not hold.

    User u, of the key ``keys[u]``, has the history ``items[indptr[u]:indptr[u + 1]]``. Where there
    are fewer such items than ``count``, the rest of ``negatives`` stays as it was.
    """

def choose_all(
    key: SupportsIndex,
    indptr: Int64s,
    points: Float32s,
    by_rank: Int32s,
    exponent: float,
    items: Int32s,
) -> None:
    """Fill in every user's items, ``items[indptr[u]:indptr[u + 1]]``, all different.

    A user looks at a few items at a time, drawn by popularity, and takes the one of the largest dot
    product with its taste.

    Parameters
    ----------
    key
        The data set's stream of random numbers.
    points
        float32[N, d], where the items lie.
    by_rank
        int32[N], the items, the most popular first.
    exponent
        Of Zipf's law.
    """

def zipf_rank(draw: float, n: int, exponent: float) -> int:
    """Return a rank in [0, n) for a uniform draw from [0, 1): low ones are the likelier.

    The density falls like x^-exponent on [1, n + 1), of which the rank is the whole part.
    """

def shuffled(key: SupportsIndex, n: int) -> Int32s:
    """Return a random order of ``n`` items, so that an index says nothing about popularity."""

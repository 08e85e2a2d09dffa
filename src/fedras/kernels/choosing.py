"""Users with tastes choose among items whose popularity follows Zipf's law."""

import math

import numba
import numpy as np
from numpy.typing import NDArray

from fedras.kernels import itemset
from fedras.kernels.jit import jit, parallel
from fedras.kernels.random import below, bits, normals, uniform

_CONSIDERED = 8  # items that a user looks at before choosing one
_PATIENCE = 16  # choices in vain before the user takes the next item that is left
_ONE = np.uint64(1)
_USERS = np.uint64(3)  # the first user's stream within the data set's; others follow
_TASTE, _CHOICE, _SHUFFLE = (np.uint64(i) for i in range(3))


@jit
def shuffled(key: np.uint64, n: int) -> NDArray[np.int32]:
    """Return a random order of ``n`` items, so that an index says nothing about popularity."""
    order = np.arange(n).astype(np.int32)
    for position in range(n - 1):
        other = position + below(key, np.uint64(position), n - position)
        order[position], order[other] = order[other], order[position]
    return order


@jit
def _zipf_rank(draw: float, n: int, exponent: float) -> int:
    """Turn a uniform draw into a rank in [0, n) with density falling like x^-exponent on [1, n+1).

    The inverse of the continuous distribution needs no table, however many items there are.
    """
    if abs(exponent - 1.0) < 1e-6:
        x = math.exp(draw * math.log(n + 1.0))
    else:
        power = 1.0 - exponent
        x = (1.0 + draw * ((n + 1.0) ** power - 1.0)) ** (1.0 / power)
    return min(int(x) - 1, n - 1)


@parallel
def choose_all(
    key: np.uint64,
    indptr: NDArray[np.int64],
    points: NDArray[np.float32],
    by_rank: NDArray[np.int32],
    exponent: float,
    items: NDArray[np.int32],
) -> None:
    """Fill in every user's items."""
    for user in numba.prange(len(indptr) - 1):
        own = bits(key, _USERS + np.uint64(user))
        taste = normals(bits(own, _TASTE), points.shape[1], 1.0)
        chosen = items[indptr[user] : indptr[user + 1]]
        _choose(bits(own, _CHOICE), taste, points, by_rank, exponent, chosen)
        _shuffle(bits(own, _SHUFFLE), chosen)


@jit
def _choose(
    key: np.uint64,
    taste: NDArray[np.float32],
    points: NDArray[np.float32],
    by_rank: NDArray[np.int32],
    exponent: float,
    chosen: NDArray[np.int32],
) -> None:
    """Fill in one user's items, all different."""
    members = itemset.empty(len(chosen))
    counter = np.uint64(0)
    for slot in range(len(chosen)):
        rank = 0
        for _attempt in range(_PATIENCE + 1):
            rank, best = 0, -math.inf
            for _ in range(_CONSIDERED):
                candidate = _zipf_rank(uniform(key, counter), len(by_rank), exponent)
                counter += _ONE
                affinity = _dot(taste, points[by_rank[candidate]])
                if affinity > best:
                    rank, best = candidate, affinity
            if not itemset.contains(members, by_rank[rank]):
                break
        while not itemset.add(members, by_rank[rank]):
            rank = (rank + 1) % len(by_rank)
        chosen[slot] = by_rank[rank]


@jit
def _dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    total = np.float32(0)
    for i in range(len(a)):
        total += a[i] * b[i]
    return float(total)


@jit
def _shuffle(key: np.uint64, values: NDArray[np.int32]) -> None:
    """Shuffle, because the more a user has, the less popular is what is left for the end."""
    for position in range(len(values) - 1):
        other = position + below(key, np.uint64(position), len(values) - position)
        values[position], values[other] = values[other], values[position]

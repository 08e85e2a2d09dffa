"""Generated interactions of any size, with popular items and tastes that can be learnt."""

import math
from typing import ClassVar, Self

import numba
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import Interactions
from fedras.data.sources import Sources
from fedras.kernels import itemset
from fedras.kernels.jit import jit, parallel
from fedras.kernels.random import below, bits, normals, uniform

_LEAST = 5  # interactions of a user
_SPREAD = 1.0  # standard deviation of the logarithm of a user's activity
_CONSIDERED = 8  # items that a user looks at before choosing one
_PATIENCE = 16  # choices in vain before the user takes the next item that is left
_ONE = np.uint64(1)
_ITEMS, _ORDER, _ACTIVITY, _USERS = (np.uint64(i) for i in range(4))  # users go on from there
_TASTE, _CHOICE, _SHUFFLE = (np.uint64(i) for i in range(3))


@DATASETS.register("synthetic")
class Synthetic(Dataset):
    """Users with tastes choose among items whose popularity follows Zipf's law.

    Each choice is the one item, out of a few drawn by popularity, that suits the user's taste best,
    where tastes and items are points of a space of ``factors`` dimensions. Activity is log-normal.
    """

    description: ClassVar[str] = "generated: Zipf popularity, latent tastes, any size, seeded"

    users: int = Field(default=1_000, ge=1, lt=2**31)
    """The number of users."""
    items: int = Field(default=2_000, ge=2 * _LEAST, lt=2**31)
    """The number of items; those that nobody chose count, too."""
    interactions: int = Field(default=50_000, ge=1)
    """The exact number of interactions; at least 5 per user."""
    data_seed: int = Field(default=0, ge=0, lt=2**63)
    """Another seed gives other data."""
    zipf: float = Field(default=1.0, ge=0.0, le=4.0)
    """The exponent of popularity; 0 makes all items equally popular."""
    factors: int = Field(default=8, ge=1, le=1024)
    """The number of dimensions of tastes."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        least, most = _LEAST * self.users, self.users * (self.items // 2)
        if not least <= self.interactions <= most:
            raise ValueError(
                f"{self.users} users and {self.items} items allow {least} to {most} interactions, "
                f"not {self.interactions}"
            )
        return self

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions: a function of the options alone, on any number of threads."""
        key = _stream(np.uint64(self.data_seed), np.uint64(0))
        counts = _activity(_stream(key, _ACTIVITY), self.users, self.items // 2, self.interactions)
        indptr = np.zeros(self.users + 1, np.int64)
        np.cumsum(counts, out=indptr[1:])
        points = normals(_stream(key, _ITEMS), self.items * self.factors, 1.0)
        items = np.empty(self.interactions, np.int32)
        _choose_all(
            key,
            indptr,
            points.reshape(self.items, self.factors),
            _shuffled(_stream(key, _ORDER), self.items),
            self.zipf,
            items,
        )
        return Interactions("synthetic", _ids(self.users), _ids(self.items), indptr, items)


def _stream(key: np.uint64, purpose: np.uint64) -> np.uint64:
    """Return the key of a stream within the stream ``key``."""
    return np.uint64(bits(key, purpose))  # compiled functions hand out plain integers


def _ids(n: int) -> NDArray[np.str_]:
    return np.arange(n).astype(f"U{len(str(n - 1))}")


def _activity(key: np.uint64, users: int, most: int, total: int) -> NDArray[np.int64]:
    """Return int64[users] between 5 and ``most`` that sum to ``total``, log-normal within that."""
    weights = np.exp(normals(key, users, _SPREAD).astype(np.float64))
    extra = np.zeros(users)
    free = np.ones(users, np.bool_)
    left = float(total - _LEAST * users)
    while left > 0.5 and free.any():  # what exceeds the limit is dealt out to the others
        extra[free] += left * weights[free] / weights[free].sum()
        left = float(np.maximum(extra - (most - _LEAST), 0).sum())
        extra = np.minimum(extra, most - _LEAST)
        free = extra < most - _LEAST
    bounds = np.rint(np.cumsum(extra)).astype(np.int64)
    bounds[-1] = total - _LEAST * users
    return np.diff(bounds, prepend=0) + _LEAST


@jit
def _shuffled(key: np.uint64, n: int) -> NDArray[np.int32]:
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
def _choose_all(
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

"""Generated interactions of any size, with popular items and tastes that can be learnt."""

from typing import ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from fedras.arrays import Int64s, Strings
from fedras.core.random import bits, lognormals, normals
from fedras.core.sampling import choose_all, shuffled
from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import Interactions, strings
from fedras.data.sources import Sources

_LEAST = 5  # interactions of a user
_SPREAD = 1.0  # standard deviation of the logarithm of a user's activity
_ITEMS, _ORDER, _ACTIVITY = (np.uint64(i) for i in range(3))  # `choose_all` goes on from there


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
    interactions: int = Field(default=50_000, ge=1, lt=2**40)
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
        choose_all(
            key,
            indptr,
            points.reshape(self.items, self.factors),
            shuffled(_stream(key, _ORDER), self.items),
            self.zipf,
            items,
        )
        return Interactions("synthetic", _ids(self.users), _ids(self.items), indptr, items)


def _stream(key: np.uint64, purpose: np.uint64) -> np.uint64:
    """Return the key of a stream within the stream ``key``."""
    return np.uint64(bits(key, purpose))  # compiled functions hand out plain integers


def _ids(n: int) -> Strings:
    return strings(map(str, range(n)))


def _activity(key: np.uint64, users: int, most: int, total: int) -> Int64s:
    """Return int64[users] between 5 and ``most`` that sum to ``total``, log-normal within that."""
    weights = lognormals(key, users, _SPREAD)
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

"""The context of a user: what the own latest items are like, added to scores on the device.

Beside the model's score an item gets ``weight * cos(h, q)``. Here q is the item's row without the
mean of all rows, and h the sum of such rows over the user's items, each of which weighs ``decay``
times as much as the next. So the order in which a user took things counts, which no vector of
matrix factorisation knows. It costs no byte, changes no training, and works for any model whose
items have rows.
"""

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.config import LARGEST
from fedras.core.scoring import fading_sums, score_all, score_some


class Context(NamedTuple):
    """How much a user's latest items say.

    Attributes
    ----------
    decay
        From 0, the last item alone, to 1, all items alike.
    weight
        Of the cosine in the score; 0: there is no context.
    own
        Of the user's own vector in the score, beside the items' biases: 0 is what is popular.
    """

    decay: float
    weight: float
    own: float = 1.0

    @classmethod
    def read(cls, given: Iterable[Any]) -> "Context":
        """Return a context that was kept or sent; ValueError if it is none."""
        found = cls(*map(float, given))
        weighs = 0 <= found.weight <= LARGEST
        if not (0 <= found.decay <= 1 and weighs and 0 <= found.own <= 1):
            raise ValueError("no context has {:g}, {:g} and {:g}".format(*found))
        return found


OFF = Context(1.0, 0.0)

CHOICES = (OFF, *(Context(*pair) for pair in product((0.5, 0.8, 1.0), (1.0, 2.0, 4.0, 8.0, 16.0))))
"""What the validation item chooses from; of equal ones the first."""

SHRUNK = tuple(OFF._replace(own=own) for own in (0.5, 0.25, 0.0))
"""And what else, where items have a bias: where little is known of users, less is made of it."""


class Directions:
    """The directions of a model's items, and of users by their own items.

    Parameters
    ----------
    items
        float32[N, d], the item matrix.
    """

    def __init__(self, items: Float32s) -> None:
        mean = items.mean(axis=0, dtype=np.float64).astype(np.float32)
        self._centred = items - mean
        self._units = _units(self._centred)

    def of(self, indptr: Int64s, items: Int32s, decay: float) -> Float32s:
        """Return float32[B, d]: where each user's items point, zero where there is nothing.

        Parameters
        ----------
        indptr, items
            int64[B + 1] and int32[...]: user b has ``items[indptr[b]:indptr[b + 1]]``, in order.
        decay
            See `Context`.
        """
        return _units(fading_sums(self._centred, items, indptr, decay))

    def cosines(self, users: Float32s, candidates: Int32s | None) -> Float32s:
        """Return the cosines of users, float32[B, d] from `of`, with items.

        Parameters
        ----------
        candidates
            int32[B, K] for float32[B, K]; None for all items, float32[B, N].
        """
        if candidates is None:
            return score_all(users, self._units)
        return score_some(users, self._units, candidates)


def _units(rows: Float32s) -> Float32s:
    lengths = np.sqrt(np.sum(rows * rows, axis=1, keepdims=True))
    return np.asarray(rows / np.where(lengths > 0, lengths, np.float32(1)), np.float32)

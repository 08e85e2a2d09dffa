"""How well the federation ranks each user's held-out item."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from fedras import data
from fedras.arrays import Float32s, Int64s
from fedras.evaluation import metrics
from fedras.kernels.gather import gather
from fedras.models import Model


class Evaluation:
    """Ranks the held-out items of a split, sampled and in full.

    Parameters
    ----------
    interactions, split
        The data and its training part.
    negatives
        How many sampled candidates each held-out item has to beat; they are drawn once, the same
        for every run on the data.
    at
        The cut-offs k of the metrics.
    """

    def __init__(
        self,
        interactions: data.Interactions,
        split: data.Split,
        negatives: int,
        at: Sequence[int] = metrics.CUTOFFS,
    ) -> None:
        self.users = np.flatnonzero(data.evaluated(interactions, split))
        self.held_out = split.held_out[self.users]
        self.negatives = data.sample_negatives(interactions, negatives)[self.users]
        self.split, self.at = split, at

    def sampled(self, model: Model, state: "Ranked") -> dict[str, float]:
        """Return all metrics against the sampled negatives."""
        return metrics.summary(self.sampled_ranks(model, state), self.at)

    def full(self, model: Model, state: "Ranked") -> dict[str, float]:
        """Return all metrics against all items that the user has not trained on."""
        return metrics.summary(self.full_ranks(model, state), self.at)

    def sampled_ranks(self, model: Model, state: "Ranked") -> Int64s:
        """Return int64[users with a held-out item], its rank among the sampled negatives."""
        candidates = np.concatenate((self.held_out[:, None], self.negatives), axis=1)
        ranks = np.empty(len(self.users), np.int64)
        for mine, items in self._by_stream(state):
            vectors = state.vectors[self.users[mine]]
            scores = model.scores(vectors, items, state.scoring, candidates[mine])
            ranks[mine] = metrics.sampled_ranks(scores, self.negatives[mine])
        return ranks

    def full_ranks(self, model: Model, state: "Ranked") -> Int64s:
        """Return int64[users with a held-out item], its rank among all items not trained on."""
        ranks = np.empty(len(self.users), np.int64)
        for mine, items in self._by_stream(state):
            users = self.users[mine]
            trained, bounds = gather(self.split.indptr, self.split.items, users)
            score = partial(_score_all, model, state.vectors[users], items, state.scoring)
            ranks[mine] = metrics.full_ranks(
                score,
                self.held_out[mine],
                bounds,
                trained,
                len(items),
            )
        return ranks

    def _by_stream(self, state: "Ranked") -> Iterator[tuple[Int64s, Float32s]]:
        for s, items in enumerate(state.items):
            yield np.flatnonzero(state.stream[self.users] == s), items


def _score_all(
    model: Model, vectors: Float32s, items: Float32s, scoring: Float32s, block: slice
) -> Float32s:
    return model.scores(vectors[block], items, scoring, None)


class Ranked(NamedTuple):
    """What is evaluated: users and the item matrices that they rank with.

    Attributes
    ----------
    vectors
        float32[M, d], the users' vectors.
    items
        float32[S, N, d], the item matrices.
    scoring
        float32[P], the scoring model.
    stream
        int64[M], which item matrix each user holds.
    """

    vectors: Float32s
    items: Float32s
    scoring: Float32s
    stream: Int64s

"""How well held-out items are ranked: by a federation's clients, or by whatever gives scores."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fedras import data
from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core.scoring import first_of, ranks_of
from fedras.core.updates import gather
from fedras.evaluation import metrics
from fedras.evaluation.beyond import measured, popularity
from fedras.evaluation.results import Results
from fedras.evaluation.scores import Ranked, Scorer
from fedras.models import Model
from fedras.models.context import Context

_BLOCK_SCORES = 1 << 22

Scores = Callable[[Int64s], Float32s]
"""Given int64[b] users, their scores of all items, float32[b, N]: a new array."""


class Listed(NamedTuple):
    """What scores of all items come to.

    Attributes
    ----------
    sampled, full
        int64[T], the ranks of held-out items among the sampled ones and among all.
    lists
        int32[users, 10], the first items of each user, -1 where there are fewer.
    """

    sampled: Int64s
    full: Int64s
    lists: Int32s


class Evaluation:
    """Ranks the held-out items of a split, sampled and in full.

    Among all items, a user's candidates are those that the user has not trained on, without the
    user's other held-out items.

    Parameters
    ----------
    interactions, split
        The data and its training part.
    negatives
        How many sampled candidates each held-out item has to beat; they are drawn once, the same
        for every run on the data and for all held-out items of a user.
    at
        The cut-offs k of the metrics.

    Attributes
    ----------
    people
        int64[P], ascending, the users that are evaluated.
    users, held_out
        int64[T] and int32[T], the held-out items, and whose each is: grouped by user.
    split, at
        As given.
    """

    def __init__(
        self,
        interactions: data.Interactions,
        split: data.Split,
        negatives: int,
        at: Sequence[int] = metrics.CUTOFFS,
    ) -> None:
        self.people = np.flatnonzero(data.evaluated(interactions, split))
        self.held_out, self._bounds = gather(split.bounds, split.tests, self.people)
        self.users = np.repeat(self.people, np.diff(self._bounds))
        self.split, self.at = split, at
        self._ids = interactions.user_ids, interactions.item_ids
        self._n_items = interactions.n_items
        self._negatives = data.sample_negatives(interactions, negatives)

    @property
    def negatives(self) -> Int32s:
        """int32[T, K]: what each held-out item has to beat; -1 where there are fewer."""
        return self._negatives[self.users]

    def sampled(self, model: Model, state: Ranked) -> dict[str, float]:
        """Return all metrics against the sampled negatives."""
        return metrics.summary(self.sampled_ranks(model, state), self.at)

    def full(self, model: Model, state: Ranked) -> dict[str, float]:
        """Return all metrics against all items that the user has not trained on."""
        return metrics.summary(self.full_ranks(model, state), self.at)

    def sampled_ranks(self, model: Model, state: Ranked) -> Int64s:
        """Return int64[T], each held-out item's rank among the sampled negatives."""
        return np.asarray(self.ranks_in(model, state, [state.context])[0], np.int64)

    def ranks_in(self, model: Model, state: Ranked, contexts: Sequence[Context]) -> Int64s:
        """Return int64[contexts, T]: the same in other contexts than that of ``state``."""
        scorer = self.scorer(model, state)
        ranks = np.empty((len(contexts), len(self.users)), np.int64)
        size = max(1, _BLOCK_SCORES // (1 + self._negatives.shape[1]))
        for stream in range(len(state.items)):
            whose = np.flatnonzero(state.stream[self.users] == stream)
            for start in range(0, len(whose), size):
                mine = whose[start : start + size]
                users = self.users[mine]
                against = self._negatives[users]
                # Where a user has fewer negatives, any item fills the place, and never counts.
                some = np.maximum(against, 0)
                candidates = np.concatenate((self.held_out[mine, None], some), axis=1)
                for place, scores in enumerate(scorer.each(users, stream, candidates, contexts)):
                    ranks[place, mine] = metrics.sampled_ranks(scores, against)
        return ranks

    def full_ranks(self, model: Model, state: Ranked) -> Int64s:
        """Return int64[T], each held-out item's rank among all items not trained on."""
        return self.listed(self.scorer(model, state)).full

    def scorer(self, model: Model, state: Ranked) -> Scorer:
        """Return what scores for users who have the training rows of the split."""
        return Scorer(model, state, self.split.indptr, self.split.items)

    def listed(self, scores: Scores, people: Int64s | None = None) -> Listed:
        """Return what follows from the scores that users give to all items.

        Parameters
        ----------
        scores
            Asked for blocks of users that hold a few million scores.
        people
            int64[n]: places in `people` of some who are evaluated; by default all are.
        """
        some = np.arange(len(self.people)) if people is None else people
        blocks = list(self._blocks(scores, some))
        sampled, full, lists = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        return Listed(sampled, full, lists)

    def results(self, name: str, model: Model, state: Ranked) -> Results:
        """Return the ranks of all held-out items, with what they are of."""
        listed = self.listed(self.scorer(model, state))
        users, items = self._ids
        return Results(
            name,
            self._digest(),
            users[self.users],
            items[self.held_out],
            np.diff(self._bounds),
            {"metrics": self.sampled_ranks(model, state), "metrics_full": listed.full},
            self.beyond(listed.lists),
        )

    def _digest(self) -> str:
        """Return what tells this evaluation from others, but for the cut-offs."""
        digest = hashlib.blake2b(digest_size=16)
        for ids in self._ids:
            digest.update(json.dumps(ids.tolist()).encode())
        split = self.split
        parts = split.indptr, split.items, self.users, self.held_out, self.negatives
        for part in parts:
            digest.update(str(part.shape).encode() + np.ascontiguousarray(part).data)
        return digest.hexdigest()

    def beyond(self, lists: Int32s) -> dict[str, float]:
        """Return what `beyond.measured` says of the first items of users, int32[P, 10]."""
        return measured(lists, popularity(self.split, self._n_items))

    def _blocks(self, scores: Scores, some: Int64s) -> Iterator[Listed]:
        size = max(1, _BLOCK_SCORES // max(1, self._n_items))
        for start in range(0, max(1, len(some)), size):
            mine = some[start : start + size]
            users = self.people[mine]
            held, bounds = gather(self._bounds, self.held_out, mine)
            trained, indptr = gather(self.split.indptr, self.split.items, users)
            found = scores(users)
            row = np.repeat(np.arange(len(users)), np.diff(bounds))
            against = self._negatives[users[row]]
            candidates = np.concatenate((held[:, None], against), axis=1)
            sampled = metrics.sampled_ranks(found[row[:, None], candidates], against)
            full = ranks_of(found, bounds, held, indptr, trained)
            yield Listed(sampled, full, first_of(found, metrics.MAIN))

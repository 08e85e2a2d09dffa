"""Items in an order, as people read them and tables take them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from fedras.arrays import Bools, Float32s, Int64s
from fedras.run.html import table


class Item(NamedTuple):
    """An item.

    Attributes
    ----------
    item
        Its id in the data.
    title
        What to call it in front of people, where the data says so.
    """

    item: str
    title: str | None


class Recommendation(NamedTuple):
    """An item for a user, or one that is like another.

    Attributes
    ----------
    item, title
        As in `Item`.
    score
        Higher is better: the model's score, comparable for one user only; of similar items the
        cosine.
    """

    item: str
    title: str | None
    score: float


class Row(NamedTuple):
    """A recommendation in a table of many."""

    of: str
    rank: int
    item: str
    title: str | None
    score: float


class Ranking(list[Recommendation]):
    """Recommendations, best first: a list that shows itself as a table."""

    def __repr__(self) -> str:
        width = max((len(found.item) for found in self), default=0)
        return "\n".join(
            f"{rank:2} {found.score:9.4f}  {found.item:{width}}  {found.title or ''}".rstrip()
            for rank, found in enumerate(self, start=1)
        )

    def _repr_html_(self) -> str:
        return table(
            ((rank, *found) for rank, found in enumerate(self, start=1)),
            ("", "item", "title", "score"),
        )


class Rankings(dict[str, Ranking]):
    """A `Ranking` for each of several users, or items, by id."""

    def rows(self) -> Iterator[Row]:
        """Yield all of them as rows; ``pandas.DataFrame(rankings.rows())`` is a table."""
        for of, ranking in self.items():
            for rank, found in enumerate(ranking, start=1):
                yield Row(of, rank, *found)

    def _repr_html_(self) -> str:
        return table(self.rows(), ("of", "", "item", "title", "score"))

    def __repr__(self) -> str:
        return "\n".join(f"{of}:\n{ranking!r}" for of, ranking in self.items())


def best_of(scores: Float32s, candidates: Bools, k: int) -> Int64s:
    """Return the positions of the best ``k`` candidates, or of all if there are fewer, best first.

    Equal scores stand by position, NaN last.

    Parameters
    ----------
    scores, candidates
        float32[N] and bool[N].
    k
        At least 1.
    """
    places = np.flatnonzero(candidates)
    falling = -scores[places]
    if k < len(places):
        # All that can be among them, so that less is sorted. No comparison with NaN is true.
        some = np.flatnonzero(~(falling > np.partition(falling, k - 1)[k - 1]))
        places, falling = places[some], falling[some]
    return places[np.argsort(falling, kind="stable")[:k]]

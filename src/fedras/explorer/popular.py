"""What popularity says: the same list for everybody, but for what each has already."""

from collections.abc import Iterable

import numpy as np

from fedras.baselines.popularity import Popularity
from fedras.baselines.rows import Rows
from fedras.run.ranking import Ranking, Recommendation, best_of
from fedras.run.recommender import Recommender


class Popular:
    """The items of a trained federation by how many of its users have them.

    Parameters
    ----------
    model
        Whose data is counted, held-out items included.
    """

    def __init__(self, model: Recommender) -> None:
        self._model = model
        self._places = {item: place for place, item in enumerate(model.items)}
        data = model.data
        rows = Rows.of(data.indptr, data.items, data.n_items)
        (self._counts,) = Popularity().fit(rows)(np.zeros(1, np.int64))

    def users(self, item: str) -> int:
        """Return how many users have an item; KeyError if there is no such item."""
        return int(self._counts[self._places[item]])

    def order(self) -> list[int]:
        """Return the positions of all items, the most popular first."""
        places: list[int] = np.argsort(-self._counts, kind="stable").tolist()
        return places

    def best(self, k: int, but: Iterable[str] = ()) -> Ranking:
        """Return the ``k`` items that most users have, ``but`` for some; the score is how many."""
        free = np.ones(len(self._counts), np.bool_)
        free[[self._places[item] for item in but]] = False
        return Ranking(
            Recommendation(*self._model.item(self._model.items[at]), float(self._counts[at]))
            for at in best_of(self._counts, free, k).tolist()
        )

"""Items that are like those that somebody has."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows
from fedras.config import LARGEST, MOST
from fedras.evaluation.evaluation import Scores


@BASELINES.register("item-knn")
class ItemKNN(Baseline):
    """Cosine with shrinkage; each item of a user's votes for its nearest neighbours.

    The similarity of i and j, which c users have both, is c / (sqrt(n_i n_j) + shrinkage). Items
    without a vote come after all others, by popularity.
    """

    title: ClassVar[str] = "item-KNN"
    citation: ClassVar[str] = (
        "Deshpande and Karypis, Item-Based Top-N Recommendation Algorithms, ACM TOIS 2004"
    )
    axes: ClassVar[dict[str, tuple[float, ...]]] = {
        "neighbours": (10, 20, 50, 100, 200, 400),
        "shrinkage": (0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0),
    }
    neighbours: int = Field(100, ge=1, le=MOST, description="of an item, that it votes for")
    shrinkage: float = Field(
        10.0, ge=0, le=LARGEST, description="against similarities that rest on few users"
    )

    @classmethod
    def work(cls, rows: Rows) -> float:
        """Return it: pairs are counted, and those that are distinct are kept and sorted."""
        pairs = float(np.square(rows.counts).sum())
        return max(300 * pairs, 5000 * min(pairs, float(rows.width) ** 2))

    def fit(self, rows: Rows) -> Scores:
        """Find each item's neighbours."""
        near, weight = self.nearest(rows)
        popular = rows.transposed.counts / (1.0 + len(rows)) - 1

        def scores(users: Int64s) -> Float32s:
            place, item = rows.entries(users)
            keys = (place[:, None] * rows.width + near[item]).ravel()
            size = len(users) * rows.width
            votes = np.bincount(keys, weight[item].ravel(), size).reshape(len(users), rows.width)
            return np.where(votes > 0, votes, popular).astype(np.float32)

        return scores

    def nearest(self, rows: Rows) -> tuple[Int32s, Float32s]:
        """Return int32[N, k] neighbours, nearest first, and float32[N, k] similarities, 0 at ends.

        Of equally similar ones the item with the smaller number is nearer.
        """
        norms = np.sqrt(rows.transposed.counts)
        ends, others, counts = rows.pairs
        k = min(self.neighbours, rows.width)
        near = np.zeros((rows.width, k), np.int32)
        weight = np.zeros((rows.width, k), np.float32)
        for item in range(rows.width):
            other, count = (each[ends[item] : ends[item + 1]] for each in (others, counts))
            alike = (count / (norms[item] * norms[other] + self.shrinkage)).astype(np.float32)
            if len(alike) > k:
                least = np.partition(alike, -k)[-k]
                enough = alike >= least
                other, alike = other[enough], alike[enough]
            order = np.argsort(-alike, kind="stable")[:k]
            near[item, : len(order)] = other[order]
            weight[item, : len(order)] = alike[order]
        return near, weight

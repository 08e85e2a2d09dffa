"""The same list for everybody."""

from typing import ClassVar

import numpy as np

from fedras.arrays import Float32s, Int64s
from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows
from fedras.evaluation.evaluation import Scores


@BASELINES.register("popularity")
class Popularity(Baseline):
    """An item's score is the number of users who have it in training."""

    title: ClassVar[str] = "popularity"
    citation: ClassVar[str] = (
        "Cremonesi, Koren and Turrin, Performance of Recommender Algorithms on Top-N "
        "Recommendation Tasks, RecSys 2010"
    )

    def fit(self, rows: Rows) -> Scores:
        """Count."""
        counts = rows.transposed.counts.astype(np.float32)

        def scores(users: Int64s) -> Float32s:
            return np.tile(counts, (len(users), 1))

        return scores

"""The linear autoencoder without a hidden layer."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from fedras.arrays import Float32s, Int64s
from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows
from fedras.config import LARGEST
from fedras.evaluation.evaluation import Scores
from fedras.parallel import one_blas_thread


@BASELINES.register("ease")
class EASE(Baseline):
    """Each item is predicted from all others by ridge regression: the scores are X B, diag(B) = 0.

    With P = (X^T X + l I)^-1, B = I - P diag(1 / diag P), and so X B = X - X P diag(1 / diag P).
    Where there are fewer users than items, X P = K X and diag P = (1 - diag(X^T K X)) / l, with
    K = (X X^T + l I)^-1.
    """

    title: ClassVar[str] = "EASE"
    citation: ClassVar[str] = "Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019"
    axes: ClassVar[dict[str, tuple[float, ...]]] = {
        "ridge": (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0)
    }
    ridge: float = Field(200.0, gt=0, le=LARGEST, description="l")

    @classmethod
    def work(cls, rows: Rows) -> float:
        """Return it: a dense matrix is inverted, of all users or of all items."""
        return float(min(len(rows), rows.width)) ** 3

    def fit(self, rows: Rows) -> Scores:
        """Invert the smaller of the two matrices."""
        return self.by_item(rows) if rows.width <= len(rows) else self.by_user(rows)

    def by_item(self, rows: Rows) -> Scores:
        """Return the scores by way of B, float32[N, N]."""
        weights = self.weights(rows)

        @one_blas_thread
        def scores(users: Int64s) -> Float32s:
            return rows.dense(users) @ weights

        return scores

    def weights(self, rows: Rows) -> Float32s:
        """Return B, float32[N, N]."""
        inverse = _inverse(rows.gram, self.ridge)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return weights

    def by_user(self, rows: Rows) -> Scores:
        """Return the same by way of K, float32[M, M]."""
        inverse, by_item = _inverse(rows.transposed.gram, self.ridge), rows.transposed
        diagonal = np.zeros(rows.width)
        ends = by_item.indptr.tolist()
        for item in range(rows.width):
            users = by_item.columns[ends[item] : ends[item + 1]]
            diagonal[item] = inverse[np.ix_(users, users)].sum(dtype=np.float64)
        scale = ((1 - diagonal) / self.ridge).astype(np.float32)
        known = np.flatnonzero(by_item.counts)
        starts = by_item.indptr[known]

        def scores(users: Int64s) -> Float32s:
            out = np.zeros((len(users), rows.width), np.float32)
            gathered = inverse[users][:, by_item.columns]
            out[:, known] = np.add.reduceat(gathered, starts, axis=1) / -scale[known]
            out[rows.entries(users)] += 1
            return out

        return scores


def _inverse(gram: Float32s, ridge: float) -> Float32s:
    gram = gram.copy()
    gram[np.diag_indices(len(gram))] += np.float32(ridge)
    with one_blas_thread:  # the last bits depend on how many there are
        return np.asarray(np.linalg.inv(gram))

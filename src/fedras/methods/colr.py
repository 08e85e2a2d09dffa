"""CoLR: updates within a random subspace that all clients share (Nguyen et al., WWW 2024)."""

import numpy as np

from fedras.arrays import Float32s, Int64s
from fedras.codecs.fixed_basis import FixedBasis, basis
from fedras.methods.method import METHODS, Method, fit_columns


@METHODS.register("colr")
class CoLR(Method):
    """An update is A B: B is random and new in each round, clients train A only, from zero.

    The mean of products with the same B is the product of the mean, so the server sends what it
    averaged without loss. Streams with smaller budgets use the first directions of B.
    """

    citation = (
        "Nguyen et al., Towards Efficient Communication and Secure Federated Recommendation System "
        "via Low-rank Training, WWW 2024"
    )

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the rank."""
        return fit_columns("colr", rate, dim)

    def span(self, budgets: Int64s, dim: int, shared: np.uint64) -> Float32s:
        """Return B of each stream, filled up with zeros."""
        span = np.zeros((len(budgets), int(budgets.max()), dim), np.float32)
        for directions, rank in zip(span, budgets.tolist(), strict=True):
            directions[:rank] = basis(int(shared), rank, dim)
        return span

    def uplink(self, budget: int, shared: np.uint64) -> FixedBasis:
        """Return the coefficients in B."""
        return FixedBasis(budget, int(shared), self.numbers)

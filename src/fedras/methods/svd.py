"""SVD: updates of low rank (section 5.1 of the FedRAS paper)."""

import numpy as np

from fedras.codecs.lowrank import LowRank
from fedras.methods.method import METHODS, Method, fit_columns


@METHODS.register("svd")
class SVD(Method):
    """The best approximation of rank d (1 - CR) of each update."""

    citation = (
        "Konecny et al., Federated Learning: Strategies for Improving Communication Efficiency, "
        "NIPS workshop 2016; Eckart and Young, The Approximation of One Matrix by Another of "
        "Lower Rank, Psychometrika 1936"
    )

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the rank."""
        return fit_columns("svd", rate, dim)

    def uplink(self, budget: int, shared: np.uint64) -> LowRank:
        """Return truncated singular value decomposition."""
        return LowRank(budget, self.numbers)

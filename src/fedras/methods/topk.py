"""TopK: sparse updates (section 5.1 of the FedRAS paper)."""

import numpy as np

from fedras.codecs.topk import TopK as Codec
from fedras.methods.method import METHODS, Method, fit_columns


@METHODS.register("topk")
class TopK(Method):
    """The d (1 - CR) largest entries of each row of an update; where they are is not in the CR."""

    citation = "Aji and Heafield, Sparse Communication for Distributed Gradient Descent, EMNLP 2017"

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the entries of each row."""
        return fit_columns("topk", rate, dim)

    def uplink(self, budget: int, shared: np.uint64) -> Codec:
        """Return top-k."""
        return Codec(budget, self.numbers)

"""PowerSGD: updates of low rank, found by power iteration (Vogels et al., NeurIPS 2019)."""

import numpy as np
from pydantic import Field

from fedras.codecs.powersgd import PowerSGD as Codec
from fedras.config import MOST_PASSES
from fedras.methods.method import METHODS, Method, fit_columns


@METHODS.register("powersgd")
class PowerSGD(Method):
    """An approximation of rank d (1 - CR) of each update; meant for error feedback.

    Attributes
    ----------
    iterations
        Of the power iteration, which starts anew each time (`codecs.powersgd`).
    """

    citation = (
        "Vogels et al., PowerSGD: Practical Low-Rank Gradient Compression for Distributed "
        "Optimization, NeurIPS 2019"
    )
    iterations: int = Field(2, ge=1, le=MOST_PASSES, description="power iterations")

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the rank."""
        return fit_columns("powersgd", rate, dim)

    def uplink(self, budget: int, shared: np.uint64) -> Codec:
        """Return subspace iteration from a random start."""
        return Codec(budget, self.numbers, self.iterations)

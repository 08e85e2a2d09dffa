"""FedRAS-T: items are averaged as FedAvg does (section 5.4 of the paper)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedras.methods.fedras import FedRAS
from fedras.methods.method import METHODS


@METHODS.register("fedras-t")
class FedRAST(FedRAS):
    """The mean over all clients of the cohort, those that did not train the item included."""

    def average(
        self, total: NDArray[np.float64], count: NDArray[np.int64], cohort: int
    ) -> NDArray[Any]:
        """Return float64[n, d], the sums divided by the number of clients."""
        return total / cohort

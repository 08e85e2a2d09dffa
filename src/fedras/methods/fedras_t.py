"""FedRAS-T: items are averaged as FedAvg does (section 5.4 of the paper)."""

from fedras.arrays import AnyArray, Float64s, Int64s
from fedras.methods.fedras import FedRAS
from fedras.methods.method import METHODS


@METHODS.register("fedras-t")
class FedRAST(FedRAS):
    """The mean over all clients of the cohort, those that did not train the item included."""

    def average(self, total: Float64s, count: Int64s, cohort: int) -> AnyArray:
        """Return float64[n, d], the sums divided by the number of clients."""
        return total / cohort

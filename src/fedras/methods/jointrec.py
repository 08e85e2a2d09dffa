"""JointRec: low rank and 8-bit probabilistic quantisation (Duan et al., 2019)."""

import numpy as np
from pydantic import Field

from fedras.codecs import Codec
from fedras.codecs.lowrank import LowRank
from fedras.codecs.plain import Plain
from fedras.config import NumbersName
from fedras.methods.method import METHODS, Method, fit

_PER_FLOAT = 4


@METHODS.register("jointrec")
class JointRec(Method):
    """Factors of rank 4 d (1 - CR), at most d, of numbers of one byte.

    Attributes
    ----------
    uplink_only
        JointRec compresses what clients send; the FedRAS paper compares it with both compressed.
    """

    citation = (
        "Duan et al., JointRec: A Deep-Learning-Based Joint Cloud Video Recommendation Framework "
        "for Mobile IoT, IEEE Internet of Things Journal 2019"
    )
    numbers: NumbersName = Field("q8", description="number format of the floats that are sent")
    uplink_only: bool = Field(False, description="the server sends its updates as they are")

    def budget(self, rate: float, n_items: int, dim: int) -> int:
        """Return the rank."""
        possible = [1 - rank / (_PER_FLOAT * dim) for rank in range(1, dim + 1)]
        return dim if rate <= possible[-1] else 1 + fit("jointrec", rate, possible)

    def uplink(self, budget: int, shared: np.uint64) -> Codec:
        """Return quantised truncated singular value decomposition."""
        return LowRank(budget, self.numbers)

    def downlink(self, budget: int, shared: np.uint64) -> Codec:
        """Return the same, or plain rows."""
        return Plain() if self.uplink_only else self.uplink(budget, shared)

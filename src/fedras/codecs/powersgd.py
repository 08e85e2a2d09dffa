"""PowerSGD: low rank by a few power iterations instead of a decomposition."""

from dataclasses import dataclass

import numpy as np

from fedras.arrays import Float64s
from fedras.codecs.codec import CODECS
from fedras.codecs.lowrank import Factors, LowRank
from fedras.core.random import normals


@CODECS.register("powersgd")
@dataclass(frozen=True)
class PowerSGD(LowRank):
    """Subspace iteration (Vogels et al., NeurIPS 2019) from a random start.

    A codec has no state: where the original starts from the last round's factor, this starts anew
    each time and so takes more iterations. Like the original it is meant for error feedback.

    Attributes
    ----------
    rank, numbers
        As of `LowRank`.
    iterations
        Multiplications by the matrix and back.
    """

    iterations: int = 2
    name = "powersgd"

    def factorise(self, x: Float64s, key: np.uint64) -> Factors:
        """Return factors of rank ``rank`` of ``x``, float64[n, d]; the left is orthonormal."""
        d = x.shape[1]
        right = normals(key, d * self.rank, 1.0).reshape(d, self.rank).astype(np.float64)
        for _ in range(self.iterations):
            left, _ = np.linalg.qr(x @ right)
            right = x.T @ left
        return left, right.T

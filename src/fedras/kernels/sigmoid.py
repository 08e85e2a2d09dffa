"""The logistic function of many numbers at once.

A call of the mathematical library for each number takes most of a training step's time; arithmetic
alone vectorises.
"""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_F = np.float32
_MOST = _F(87)  # exp of more overflows float32
_PER_LOG2, _LOG2_HIGH, _LOG2_LOW = _F(1.4426950408889634), _F(0.693359375), _F(-2.12194440e-4)
_ROUND = _F(1.5 * 2**23)  # added and taken away, it rounds to a whole number
_BIAS, _MANTISSA = np.int32(127), np.int32(23)


@jit
def sigmoid(x: NDArray[np.float32]) -> None:
    """Make 1 / (1 + exp(-x)) of each of float32[n], in place, within 1e-7.

    In place, because a loop from one array to another that may be the same does not vectorise.

    exp(z) = 2^k exp(r) with |r| <= log(2) / 2, and a polynomial for exp(r), both as in ``expf`` of
    the Cephes library (S. L. Moshier, 1989).
    """
    for i in range(len(x)):
        z = min(max(-x[i], -_MOST), _MOST)
        k = (z * _PER_LOG2 + _ROUND) - _ROUND
        r = (z - k * _LOG2_HIGH) - k * _LOG2_LOW
        p = _F(1.9875691500e-4)
        p = p * r + _F(1.3981999507e-3)
        p = p * r + _F(8.3334519073e-3)
        p = p * r + _F(4.1665795894e-2)
        p = p * r + _F(1.6666665459e-1)
        p = p * r + _F(5.0000001201e-1)
        power = np.int32((np.int32(k) + _BIAS) << _MANTISSA).view(np.float32)
        x[i] = _F(1) / (_F(1) + (p * r * r + r + _F(1)) * power)

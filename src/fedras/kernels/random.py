"""Counter-based random numbers: a draw is a function of (key, counter) and of nothing else.

SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) hashes the counter; a key is folded from the
run's seed, a purpose, the round and the client (`fedras.rng`). So a result depends neither on
threads, nor on the order in which clients are served, nor on the process that serves them.
"""

import math

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32, _S11 = (np.uint64(s) for s in (27, 30, 31, 32, 11))
_LOW32 = np.uint64(0xFFFFFFFF)


@jit
def bits(key: np.uint64, counter: np.uint64) -> np.uint64:
    """Return the 64 random bits number ``counter`` of the stream ``key``."""
    return _mix(key + counter * _GOLDEN)


@jit
def _mix(z: np.uint64) -> np.uint64:
    z += _GOLDEN
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return np.uint64(z ^ (z >> _S31))


@jit
def fold(state: NDArray[np.uint64], word: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return uint64[n], keys into which ``word`` is folded; one of either serves all of the other.

    A key is folded from the run's seed, a purpose, the round and the client (`fedras.rng`).
    """
    out = np.empty(max(len(state), len(word)), np.uint64)
    for i in range(len(out)):
        out[i] = _mix(state[min(i, len(state) - 1)] ^ _mix(word[min(i, len(word) - 1)]))
    return out


@jit
def below(key: np.uint64, counter: np.uint64, n: int) -> int:
    """Return a uniform integer in [0, n), n < 2^32, by multiply and shift."""
    return int(np.int64((((bits(key, counter) >> _S32) & _LOW32) * np.uint64(n)) >> _S32))


@jit
def uniform(key: np.uint64, counter: np.uint64) -> float:
    """Return a uniform float64 in [0, 1) with 53 random bits."""
    return np.float64(bits(key, counter) >> _S11) * 2.0**-53


@jit
def normal(key: np.uint64, counter: np.uint64) -> float:
    """Return a standard normal float64 (Box and Muller, from the draws 2c and 2c + 1)."""
    two = np.uint64(2)
    radius = math.sqrt(-2.0 * math.log(1.0 - uniform(key, two * counter)))
    return radius * math.cos(2.0 * math.pi * uniform(key, two * counter + np.uint64(1)))


@jit
def normals(key: np.uint64, n: int, scale: float) -> NDArray[np.float32]:
    """Return float32[n] draws from N(0, scale^2): the counters 0 to n - 1 of the stream."""
    out = np.empty(n, np.float32)
    for i in range(n):
        out[i] = scale * normal(key, np.uint64(i))
    return out


@jit
def normals_of(keys: NDArray[np.uint64], n: int, scale: float) -> NDArray[np.float32]:
    """Return float32[len(keys), n]: the `normals` of each stream."""
    out = np.empty((len(keys), n), np.float32)
    for k in range(len(keys)):
        out[k] = normals(keys[k], n, scale)
    return out

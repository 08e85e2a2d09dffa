"""Counter-based random numbers: a draw is a function of (key, counter) and of nothing else.

SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) hashes the counter; a key is folded from the run's
seed, a purpose, the round and the client (`fedras.rng`). So a result depends neither on threads,
nor on the order in which clients are served, nor on the process that serves them.
"""

from typing import SupportsIndex

from fedras.arrays import Float32s, Float64s, UInt64s

def bits(key: SupportsIndex, counter: SupportsIndex) -> int:
    """Return the 64 random bits number ``counter`` of the stream ``key``."""

def fold(state: UInt64s, word: UInt64s) -> UInt64s:
    """Return uint64[n], keys into which ``word`` is folded; one of either serves all others."""

def below(key: SupportsIndex, counter: SupportsIndex, n: int) -> int:
    """Return a uniform integer in [0, n), n < 2^32, by multiply and shift."""

def uniform(key: SupportsIndex, counter: SupportsIndex) -> float:
    """Return a uniform float64 in [0, 1) with 53 random bits."""

def normal(key: SupportsIndex, counter: SupportsIndex) -> float:
    """Return a standard normal float64 (Box and Muller, from the draws 2c and 2c + 1)."""

def normals(key: SupportsIndex, n: int, scale: float) -> Float32s:
    """Return float32[n] draws from N(0, scale^2): the counters 0 to n - 1 of the stream."""

def lognormals(key: SupportsIndex, n: int, scale: float) -> Float64s:
    """Return float64[n]: e to the power of each of `normals`."""

def normals_of(keys: UInt64s, n: int, scale: float) -> Float32s:
    """Return float32[len(keys), n]: the `normals` of each stream."""

"""Random numbers as Python integers: SplitMix64 over a counter, and what is drawn from it."""

import math
from dataclasses import dataclass

_WORD = 2**64
_GOLDEN = 0x9E3779B97F4A7C15


def mix(z: int) -> int:
    """One step of SplitMix64 from the state ``z``."""
    z = (z + _GOLDEN) % _WORD
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % _WORD
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % _WORD
    return z ^ (z >> 31)


def stream_key(seed: int, purpose: int, *context: int) -> int:
    """Fold the seed, what is drawn, and for whom into the key of a stream."""
    state = seed
    for word in (purpose, *context):
        state = mix(state ^ mix(word))
    return state


@dataclass
class Stream:
    """The random numbers of one key, one after another."""

    key: int
    drawn: int = 0

    def bits(self) -> int:
        self.drawn += 1
        return mix((self.key + (self.drawn - 1) * _GOLDEN) % _WORD)

    def below(self, n: int) -> int:
        return (self.bits() >> 32) * n >> 32

    def uniform(self) -> float:
        return (self.bits() >> 11) / 2**53

    def normal(self) -> float:
        first, second = self.uniform(), self.uniform()
        return math.sqrt(-2 * math.log(1 - first)) * math.cos(2 * math.pi * second)

    def shuffle(self, values: list[tuple[int, int]]) -> None:
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]

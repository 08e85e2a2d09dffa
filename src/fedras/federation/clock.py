"""How long the phases of a round take."""

from collections.abc import Mapping
from time import perf_counter

Seconds = dict[str, float]
"""How long each phase took, by its name."""


class Clock:
    """A stopwatch that runs from when it is made.

    Attributes
    ----------
    seconds
        Of each phase so far.
    """

    def __init__(self) -> None:
        self.seconds: Seconds = {}
        self._since = perf_counter()

    def lap(self, phase: str) -> None:
        """Count all since the last lap as of this phase."""
        now = perf_counter()
        add_to(self.seconds, {phase: now - self._since})
        self._since = now


def add_to(seconds: Seconds, more: Mapping[str, float]) -> None:
    """Add other times to those of the same phases."""
    for phase, each in more.items():
        seconds[phase] = seconds.get(phase, 0.0) + each

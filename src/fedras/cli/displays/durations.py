"""Times as people say them, and when something will be done."""

from time import monotonic


def duration(seconds: float) -> str:
    """Return a time with its unit: 45 s, 12 min, 3.4 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


class Left:
    """When a run will be done, by the rounds that were seen to end.

    The first is where it starts to measure: before it nodes start and join.

    Parameters
    ----------
    found
        How many were done before; None takes it from what is said first.
    """

    def __init__(self, found: int | None = None) -> None:
        self._found = found
        self._first: tuple[int, float] | None = None

    def after(self, done: int, rounds: int) -> str:
        """Return how long the rest will take, after ``done`` of so many rounds."""
        if self._found is None:
            self._found = done
        if self._first is None and done > self._found:
            self._first = done, monotonic()
        if self._first is None or done == self._first[0]:
            return "time left unknown"
        start, since = self._first
        return f"about {duration((monotonic() - since) / (done - start) * (rounds - done))} left"

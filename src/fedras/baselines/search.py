"""Settings chosen on the validation item, one step at a time."""

from collections.abc import Callable
from typing import Any

from fedras.baselines.baseline import Baseline

BUDGET = 1e12
"""Operations that a search may take, about half a minute; one fit of a baseline at most as many."""

_MOST = 16


def tries(work: float) -> int:
    """Return how many settings can be tried, of which each takes this work; 0 if it is too much."""
    return min(_MOST, int(BUDGET / max(1.0, work)))


def climb(
    kind: type[Baseline], value: Callable[[Baseline], float], most: int = _MOST
) -> tuple[Baseline, int]:
    """Return the best settings found, and how many were tried.

    From the defaults it goes to the next value of one setting as long as that is better, in each
    direction, setting by setting, until none gets better.

    Parameters
    ----------
    kind
        A baseline.
    value
        How good settings are; more is better.
    most
        After so many it ends with the best so far.
    """
    known: dict[Baseline, float] = {}

    def worth(settings: Baseline) -> float:
        if settings not in known:
            known[settings] = value(settings)
        return known[settings]

    best, before = kind(), None
    worth(best)
    while best != before:
        before = best
        for name, values in kind.axes.items():
            for step in (1, -1):
                while (near := _beside(best, name, values, step)) and (
                    near in known or len(known) < most
                ):
                    if worth(near) <= known[best]:
                        break
                    best = near
    return best, len(known)


def _beside(settings: Baseline, name: str, values: tuple[float, ...], step: int) -> Baseline | None:
    """Return the settings with the next value of one of them, or None at the end."""
    now: dict[str, Any] = settings.model_dump()
    at = values.index(now[name]) + step
    return type(settings)(**now | {name: values[at]}) if 0 <= at < len(values) else None

"""Compression rates from measured link speeds and a time target, for ``rate_file``."""

import csv
import math
from pathlib import Path

import numpy as np

from fedras.arrays import Float64s
from fedras.errors import UsageError
from fedras.federation.user_values import read_user_values

_HEADER = 64  # bytes
_HIGHEST = 0.995
_NUMBER = 4  # bytes
_SPEED = "bytes per second"
_FASTEST = 1e15  # bytes per second


def rates_for(
    speeds: Float64s, seconds: float, n_items: int, dim: int, levels: int = 5
) -> Float64s:
    """Return float64[M], the rate at which each client's round fits its link.

    A client receives an update and sends one. Each has up to ``(1 - rate) N`` vectors in float32,
    says of every item whether it moved, and names the vector of those that did. Rates are rounded
    up to a few levels, even in the logarithm of what is left, because each costs the server a
    clustering per round; the highest is for links on which nothing fits.

    Parameters
    ----------
    speeds
        float64[M], bytes per second.
    seconds
        The target for both transfers together.
    n_items, dim
        N and d of the item matrix.
    levels
        How many distinct rates there may be.
    """
    room, vector = speeds * seconds / 2, dim * _NUMBER
    bits = 1 + np.log2((room / vector).clip(2, n_items))
    vectors = (room - _HEADER - n_items * bits / 8) / vector
    wanted = np.clip(1 - vectors / n_items, 0.0, _HIGHEST)
    steps = np.unique(wanted)
    if len(steps) > levels:
        steps = 1 - np.geomspace(1 - steps[0], 1 - steps[-1], levels)
    which = np.searchsorted(steps, wanted - 1e-12).clip(max=len(steps) - 1)
    return np.asarray(steps[which], np.float64)


def read_speeds(path: Path) -> dict[str, float]:
    """Return the speed of each user's link, in bytes per second, from a CSV file of user,speed.

    Raises
    ------
    UsageError
        If a row is something else.
    FedrasError
        If the file cannot be read.
    """
    rows = read_user_values(path, _SPEED)
    found = {user: _speed(text, where) for where, user, text in rows}
    if not found:
        raise UsageError(f"{path} is empty; expected rows of user,{_SPEED}")
    return found


def write_rates(users: list[str], rates: Float64s, path: Path) -> None:
    """Write a CSV file of user,rate, as ``rate_file`` takes it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(zip(users, rates.tolist(), strict=True))


def _speed(text: str, where: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= _FASTEST:
        raise UsageError(f"{where}: {text!r} are no {_SPEED}")
    return speed

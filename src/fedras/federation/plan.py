"""What a number of actions costs a client at most, and which number fits each link."""

import csv
import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fedras.arrays import Float32s
from fedras.codecs import Payload, Updates
from fedras.codecs.actions import pack_all
from fedras.codecs.groups import Groups
from fedras.config import MOST
from fedras.errors import UsageError
from fedras.federation import scoring
from fedras.federation.catchup import snapshot_size
from fedras.federation.user_values import read_user_values
from fedras.methods.fedras import ActionSharing

SPEED = "bytes per second"
_FASTEST = 1e15  # bytes per second
_KEY = np.uint64(0)


class Sizes(NamedTuple):
    """Bytes of one client and round, at most: of its upload and of the update that it hears."""

    up: int
    down: int


class Plan:
    """What clients pay for a number of actions: lengths of payloads that are serialised.

    Parameters
    ----------
    method
        Whose actions cross.
    n_items, dim
        N and d of the item matrix.
    parameters, scoring_numbers
        How many the scoring model has, and the number format of its changes.
    """

    def __init__(
        self,
        method: ActionSharing,
        n_items: int,
        dim: int,
        parameters: int = 0,
        scoring_numbers: str = "f32",
    ) -> None:
        self.method, self.n_items, self.dim = method, n_items, dim
        self._theta = np.ones(parameters, np.float32)
        self._change = len(scoring.write(self._theta, scoring_numbers, MOST, _KEY))
        self.largest = cache(self._largest)

    def sizes(self, actions: int) -> Sizes:
        """Return what a client of this budget pays in a round, whatever there is to say."""
        up, down = self.largest(actions), self.largest(self.method.most(actions))
        return Sizes(up + self._change, down + self._change)

    def snapshot(self) -> int:
        """Return the bytes of a whole replica and scoring model, for who missed many rounds."""
        whole = snapshot_size((self.n_items, self.dim), MOST)
        return whole + len(scoring.write(self._theta, "f32", MOST, _KEY))

    def actions_for(self, room: float) -> int:
        """Return the largest budget whose upload and update fit ``room`` bytes; 0 if none does."""
        low, high = 0, self.n_items
        while low < high:
            middle = (low + high + 1) // 2
            if sum(self.sizes(middle)) <= room:
                low = middle
            else:
                high = middle - 1
        return low

    def fit(self, speeds: Sequence[float], seconds: float, levels: int) -> list[int]:
        """Return the budget with which each client's round fits its link.

        There are no more than ``levels`` distinct ones, evenly spaced in the logarithm, because
        each costs the server a clustering per round. Links on which nothing fits get the smallest.

        Parameters
        ----------
        speeds
            Of each link, in bytes per second.
        seconds
            The target for upload and update together.
        levels
            How many distinct budgets there may be.
        """
        room, which = np.unique(np.array(speeds) * seconds, return_inverse=True)
        if len(room) <= levels:
            found = [max(1, self.actions_for(each)) for each in room.tolist()]
        else:
            fewest, most = (max(1, self.actions_for(each)) for each in (room[0], room[-1]))
            spaced = np.geomspace(fewest, most, levels).round().astype(np.int64)
            steps = np.unique(spaced).tolist()
            taken = [sum(self.sizes(step)) for step in steps]
            found = [steps[max(0, bisect_right(taken, each) - 1)] for each in room.tolist()]
        return [found[i] for i in which.tolist()]

    def rate(self, actions: int) -> float:
        """Return the compression rate that leaves a client so many actions."""
        return 1 - min(actions, self.n_items) / self.n_items

    def _largest(self, k: int) -> int:
        """Return the bytes of the largest payload of so many actions.

        Rows cost most where each item takes any action, or none, equally often; assignments where
        all items move. Each part is taken at its largest.
        """
        n, k = self.n_items, min(k, self.n_items)
        actions = np.ones((k, self.dim), np.float32)
        moved = max(k, round(n * k / (k + 1)))
        payloads = [self._payload(count, actions) for count in (moved, n)]
        parts = {
            part: max((each.parts[part] for each in payloads), key=len)
            for part in payloads[0].parts
        }
        first = payloads[0]
        return len(Payload(first.codec, first.numbers, first.shape, parts, MOST).to_bytes())

    def _payload(self, count: int, actions: Float32s) -> Payload:
        """Return an update of so many rows, spread at random, with actions that are as frequent."""
        chance = np.random.default_rng(0)
        rows = np.sort(chance.permutation(self.n_items)[:count]).astype(np.int32)
        assignment = chance.permutation(np.arange(count) % len(actions)).astype(np.int32)
        whole = np.zeros(1, np.int64), np.array([count])
        update = Updates(rows, actions, *whole, self.n_items)
        groups, keys = Groups.of(actions, assignment), np.zeros(1, np.uint64)
        return pack_all(update, groups, self.method.numbers, keys)[0]


def read_speeds(path: Path) -> dict[str, float]:
    """Return the speed of each user's link, in bytes per second, from a CSV file of user,speed.

    Raises
    ------
    UsageError
        If a row is something else.
    FedrasError
        If the file cannot be read.
    """
    rows = read_user_values(path, SPEED)
    found = {user: _speed(text, where) for where, user, text in rows}
    if not found:
        raise UsageError(f"{path} is empty; expected rows of user,{SPEED}")
    return found


def write_rates(users: Sequence[str], rates: Sequence[float], path: Path) -> None:
    """Write a CSV file of user,rate, as ``rate_file`` takes it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(zip(users, rates, strict=True))


def _speed(text: str, where: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed <= _FASTEST:
        raise UsageError(f"{where}: {text!r} are no {SPEED}")
    return speed

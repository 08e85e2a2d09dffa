"""How much of users' items a curious server reads off their uploads, in numbers and in words."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fedras.arrays import Bools, Int64s
from fedras.audit.attack import ATTACKS, ROWS_ALONE, STEPS_ALONE, learn, most_popular
from fedras.audit.watching import Case, Watch, at_the_beginning, at_the_end
from fedras.errors import UsageError
from fedras.federation.client import Silo
from fedras.rng import Purpose, keys
from fedras.run.beside import percent
from fedras.run.trained import Trained

UPLOADS = (1, 2, 5, 10)
BEGINNING, END = "beginning", "end"

_PAIRS, _LEAST = 2_000_000, 40
_FEWEST = 4
_COUNTED = {1: "one upload", 2: "two uploads", 5: "five uploads", 10: "ten uploads"}


@dataclass(frozen=True)
class Row:
    """What is named of users after so many uploads of each: means over the users.

    Attributes
    ----------
    when
        ``beginning`` or ``end`` of the run.
    uploads
        How many of each user.
    users
        How many users had sent as many.
    precision
        The share of what is named that is right.
    recall
        The share of a user's items that is named.
    f1
        The harmonic mean of the two, of each user.
    rows, steps
        F1 of the attacks that know only which rows there are, or only how they move.
    popular
        F1 of naming as many of the most popular items.
    """

    when: str
    uploads: int
    users: int
    precision: float
    recall: float
    f1: float
    rows: float
    steps: float
    popular: float


@dataclass(frozen=True)
class Audit:
    """What a run's uploads give away.

    Attributes
    ----------
    rounds
        How many rounds the run had done.
    repeated
        How many of them were repeated to see the first uploads.
    rows
        By moment and number of uploads.
    """

    rounds: int
    repeated: int
    rows: list[Row]

    @property
    def worst(self) -> Row:
        """The row of five uploads, or of the most that there are, that gives most away."""
        most = max(row.uploads for row in self.rows if row.uploads <= UPLOADS[2])
        return max((row for row in self.rows if row.uploads == most), key=lambda row: row.f1)

    @property
    def text(self) -> str:
        """Say it in a sentence."""
        row = self.worst
        return (
            f"from {_COUNTED[row.uploads]} a curious server names {percent(row.recall)} of a "
            f"user's items, and {percent(row.precision)} of what it names is right (F1 "
            f"{row.f1:.2f}; naming as many of the most popular items, without any upload: "
            f"{row.popular:.2f})"
        )

    def plain(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "rounds": self.rounds,
            "repeated_rounds": self.repeated,
            "f1": self.worst.f1,
            "popular": self.worst.popular,
            "text": self.text,
            "rows": [asdict(row) for row in self.rows],
        }


def audit(trained: Trained, users: int = 0) -> Audit:
    """Attack the uploads of a run as an honest but curious server can, and count what is right.

    The server decodes what it is sent, knows its own seed and draws, and has learnt from other
    users what gives items away: each half of the users is attacked with what the other half tells.
    First uploads are those that the run really had; at the end of the run users train once more on
    what there is. Neither changes the run.

    Parameters
    ----------
    trained
        The run.
    users
        How many are attacked; 0 takes all, or as many as make two million pairs with the items,
        but not less than 40.

    Raises
    ------
    UsageError
        If these are too few to learn from.
    """
    silo, n_items = trained.silo, trained.data.n_items
    chosen = _chosen(silo, users or max(_LEAST, _PAIRS // n_items))
    uploads = [k for k in UPLOADS if k <= silo.config.rounds]
    watch = Watch(chosen, uploads, n_items)
    repeated = at_the_beginning(trained.config, trained.data, watch)
    rows = _rows(BEGINNING, watch)
    watch = Watch(chosen, uploads, n_items)
    at_the_end(silo, watch)
    return Audit(silo.version, repeated, rows + _rows(END, watch))


def _rows(when: str, watch: Watch) -> list[Row]:
    cases = ((k, watch.case(k)) for k in watch.uploads)
    return [attacked(when, k, case) for k, case in cases if len(case.own) >= _FEWEST]


def attacked(when: str, uploads: int, case: Case) -> Row:
    """Attack each half of some users with what does best on the other half."""
    best, popular = [], []
    alone: dict[str, list[tuple[float, float, float]]] = {name: [] for name in ATTACKS}
    for half in (0, 1):
        known, aimed = (Case(case.evidence[i::2], case.own[i::2]) for i in (1 - half, half))
        attacks = {name: learn(known, kinds) for name, kinds in ATTACKS.items()}
        for name, attack in attacks.items():
            alone[name] += scored(attack.names(aimed), aimed.own)
        chosen = max(attacks.values(), key=lambda attack: attack.f1)
        named = chosen.names(aimed)
        best += scored(named, aimed.own)
        popular += scored(most_popular(chosen.popular, named.sum(axis=1)), aimed.own)
    f1 = (_means(each)[2] for each in (alone[ROWS_ALONE], alone[STEPS_ALONE], popular))
    return Row(when, uploads, len(case.own), *_means(best), *f1)


def _means(found: list[tuple[float, float, float]]) -> list[float]:
    means: list[float] = np.mean(found, axis=0).tolist()
    return means


def scored(named: Bools, own: Bools) -> list[tuple[float, float, float]]:
    """Return precision, recall and F1 by user of what is named, bool[U, N]; 0 of nothing."""
    right, said, had = (each.sum(axis=1) for each in (named & own, named, own))
    precision, recall = right / np.maximum(1, said), right / np.maximum(1, had)
    f1 = 2 * right / np.maximum(1, said + had)
    return list(zip(precision.tolist(), recall.tolist(), f1.tolist(), strict=True))


def _chosen(silo: Silo, most: int) -> Int64s:
    """Return int64[U], some users who have items to train on, drawn by their identities."""
    there = np.flatnonzero(np.diff(silo.indptr) > 0)
    if min(most, len(there)) < _FEWEST:
        raise UsageError(
            f"an audit learns from some users and attacks others, and needs at least {_FEWEST}, "
            f"not {min(most, len(there))}"
        )
    draws = keys(0, Purpose.COHORT, silo.clients[there])
    return np.sort(there[np.argsort(draws, kind="stable")[:most]])

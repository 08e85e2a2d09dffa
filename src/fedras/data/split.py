"""Which rows train, and which items are to be found again."""

from dataclasses import dataclass, replace

import numpy as np

from fedras.arrays import Bools, Int32s, Int64s
from fedras.core.updates import bounds_of
from fedras.data.interactions import Interactions
from fedras.errors import DataError, UsageError

_CUTOFF = 10
_ROUNDING = 1e-9
LAST, RATIO, TIME = "last", "ratio", "time"


@dataclass(frozen=True, eq=False)
class Split:
    """Training rows and held-out interactions, both grouped by user and chronological.

    Attributes
    ----------
    indptr, items
        int64[M + 1] and int32[rows]: user u trains on ``items[indptr[u]:indptr[u + 1]]``.
    bounds, tests
        int64[M + 1] and int32[T]: ``tests[bounds[u]:bounds[u + 1]]`` are to be found again; none of
        a user who is not evaluated.
    """

    indptr: Int64s
    items: Int32s
    bounds: Int64s
    tests: Int32s

    @property
    def held_out(self) -> Int32s:
        """int32[M]: each user's last held-out item, -1 where there is none."""
        has = np.diff(self.bounds) > 0
        found = np.full(len(has), -1, np.int32)
        found[has] = self.tests[self.bounds[1:][has] - 1]
        return found

    def without(self, users: Bools) -> "Split":
        """Return the split in which some users, bool[M], are not evaluated."""
        counts = np.diff(self.bounds)
        kept = self.tests[np.repeat(~users, counts)]
        return replace(self, bounds=bounds_of(np.where(users, 0, counts)), tests=kept)


def leave_one_out(interactions: Interactions, validation: bool = False) -> Split:
    """Hold out each user's last interaction; see `divide`."""
    return divide(interactions, validation=validation)


def divide(
    interactions: Interactions, by: str = LAST, share: float = 0.1, validation: bool = False
) -> Split:
    """Hold out the last interactions of users; of equal times the last rows of the file.

    - ``last``: each user's last one. Where the data brings its own test, all of it stays out of
      training and its last item is held out.
    - ``ratio``: the last share of each user's interactions, rounded down, but at least one.
    - ``time``: all from a point in time on, the same for everybody: the first of the last share of
      all interactions. Whoever has none before has no training rows (Meng et al., Exploring Data
      Splitting Strategies for the Evaluation of Recommendation Models, RecSys 2020).

    A user without training rows is not evaluated.

    Parameters
    ----------
    interactions
        The data.
    by, share
        Which of the three, and the share of ``ratio`` and ``time``.
    validation
        For tuning: drop the test altogether and do the same to what is left.

    Raises
    ------
    UsageError
        If the data has no times for ``time``, or brings its own test.
    DataError
        If all interactions are at one time.
    """
    indptr, counts = interactions.indptr, np.diff(interactions.indptr)
    ends, held = counts, _held(interactions, counts, by, share)
    ranked = held if interactions.tests is None else np.minimum(held, 1)
    if validation:
        ends = counts - held
        held = ranked = _later(interactions, ends, by, share)
    left = ends - held
    ranked = np.where(left > 0, ranked, 0)
    place = np.arange(len(interactions)) - np.repeat(indptr[:-1], counts)
    trains = place < np.repeat(left, counts)
    tests = (place >= np.repeat(ends - ranked, counts)) & (place < np.repeat(ends, counts))
    items = interactions.items
    return Split(bounds_of(left), items[trains], bounds_of(ranked), items[tests])


def known(interactions: Interactions, split: Split) -> Interactions:
    """Return the data without all that comes after what a split holds out: without the test."""
    indptr, counts = interactions.indptr, np.diff(interactions.indptr)
    ends = np.diff(split.indptr) + np.diff(split.bounds)
    here = np.arange(len(interactions)) - np.repeat(indptr[:-1], counts) < np.repeat(ends, counts)
    times = None if interactions.times is None else interactions.times[here]
    items = interactions.items[here]
    return replace(interactions, indptr=bounds_of(ends), items=items, tests=None, times=times)


def most_held_out(n_items: int, by: str, share: float) -> int:
    """Return how many interactions of one user can be held out, where the time does not matter."""
    return 1 if by == LAST else max(1, int(share * n_items + _ROUNDING))


def _held(interactions: Interactions, ends: Int64s, by: str, share: float) -> Int64s:
    """Return int64[M]: how many of each user's rows are the test."""
    if interactions.tests is None:
        return _later(interactions, ends, by, share)
    if by != LAST:
        raise UsageError(f"{interactions.name} brings its own test; leave out split={by}")
    return interactions.tests


def _later(interactions: Interactions, ends: Int64s, by: str, share: float) -> Int64s:
    """Return int64[M]: how many to hold out of each user's first so many rows, int64[M]."""
    if by == TIME:
        return _since(interactions, ends, share)
    some = np.ones_like(ends)
    if by == RATIO:
        most = most_held_out(interactions.n_items, by, share)
        some = np.clip((share * ends + _ROUNDING).astype(np.int64), 1, most)
    return np.minimum(some, np.maximum(ends - 1, 0))


def _since(interactions: Interactions, ends: Int64s, share: float) -> Int64s:
    """Return int64[M]: how many of each user's first so many rows are in the last share by time."""
    times, indptr = interactions.times, interactions.indptr
    if times is None:
        raise UsageError(
            f"split=time: {interactions.name} has no times; say which column has them, with "
            f"--columns time=NAME, or take split=ratio"
        )
    counts = np.diff(indptr)
    here = np.arange(len(interactions)) < np.repeat(indptr[:-1] + ends, counts)
    known = np.sort(times[here])
    if not len(known):
        return np.zeros_like(ends)
    point = known[len(known) - max(1, int(share * len(known) + _ROUNDING))]
    if point == known[0]:
        raise DataError(
            f"split=time: {interactions.name} has no interactions before the point in time that "
            f"cuts off the last {share:g} of them; take a smaller test_share, or split=ratio"
        )
    late = np.concatenate(([0], np.cumsum(here & (times >= point))))
    return np.asarray(late[indptr[1:]] - late[indptr[:-1]], np.int64)


def candidates(interactions: Interactions, least: int = 1) -> Int64s:
    """Return int64[M]: how many items each user never interacted with.

    Parameters
    ----------
    interactions
        The data.
    least
        Users who have as many for certain need not be counted exactly.
    """
    indptr, items = interactions.indptr, interactions.items
    left = interactions.n_items - np.diff(indptr)
    for user in np.flatnonzero(left < least).tolist():  # some of their rows may be repeats
        seen = np.unique(items[indptr[user] : indptr[user + 1]])
        left[user] = interactions.n_items - len(seen)
    return left


def evaluated(interactions: Interactions, split: Split) -> Bools:
    """Return bool[M]: who has a held-out item, and at least one other to rank it against."""
    return (np.diff(split.bounds) > 0) & (candidates(interactions) > 0)


def told(
    interactions: Interactions, split: Split | None = None, negatives: int = 99
) -> Interactions:
    """Return the data with notes of what evaluation on it cannot do.

    Parameters
    ----------
    interactions
        The data.
    split
        What is held out of it; by default `leave_one_out`.
    negatives
        How many items a held-out one is to be ranked against.
    """
    split = split or leave_one_out(interactions)
    tested = evaluated(interactions, split)
    left = candidates(interactions, negatives)
    few = tested & (left < negatives)
    hopeless = tested & (left < _CUTOFF - 1)
    notes = list(interactions.notes)
    users = f"of {interactions.n_users} users"
    trains = np.diff(split.indptr) > 0
    if not trains.all():
        notes.append(
            f"{np.count_nonzero(~trains)} {users} have nothing to train on and are not evaluated"
        )
    if (trains & ~tested).any():
        notes.append(
            f"{np.count_nonzero(trains & ~tested)} {users} train and are not evaluated: they have "
            f"too few items, or no item is left to rank theirs against"
        )
    if few.any():
        notes.append(
            f"for {np.count_nonzero(few)} {users} fewer than {negatives} items are left to rank "
            f"the held-out one against"
        )
    if hopeless.any():
        notes.append(
            f"for {np.count_nonzero(hopeless)} {users} there are fewer than {_CUTOFF} candidates, "
            f"so that HR@{_CUTOFF} is 1 for them whatever the model does"
        )
    return replace(interactions, notes=(*notes, *_unknown(interactions, split)))


def _unknown(interactions: Interactions, split: Split) -> list[str]:
    """Say how many held-out items nobody trains on, where more than the last one is held out."""
    fresh = np.bincount(split.items, minlength=interactions.n_items)[split.tests] == 0
    if len(split.tests) == np.count_nonzero(np.diff(split.bounds)) or not fresh.any():
        return []
    return [
        f"{np.count_nonzero(fresh)} of {len(split.tests)} held-out interactions are with one of "
        f"{len(np.unique(split.tests[fresh]))} items that nobody has trained on"
    ]

"""Which rows train, and which item is to be found again."""

from dataclasses import dataclass, replace

import numpy as np

from fedras.arrays import Bools, Int32s, Int64s
from fedras.data.interactions import Interactions

_CUTOFF = 10


@dataclass(frozen=True, eq=False)
class Split:
    """A leave-one-out split.

    Attributes
    ----------
    indptr, items
        int64[M + 1] and int32[rows]: the training rows, grouped by user, chronological.
    held_out
        int32[M]: the item to find again, or -1 for a user who is not evaluated.
    """

    indptr: Int64s
    items: Int32s
    held_out: Int32s


def leave_one_out(interactions: Interactions, validation: bool = False) -> Split:
    """Hold out each user's last interaction; at equal times the last row of the file.

    Where the data brings its own test, all of it stays out of training and its last item is held
    out. A user for whom no training row would remain is not evaluated.

    Parameters
    ----------
    interactions
        The data.
    validation
        For tuning: drop the test altogether and hold out the interaction before it.
    """
    indptr, items = interactions.indptr, interactions.items
    counts = np.diff(indptr)
    tests = np.ones_like(counts) if interactions.tests is None else interactions.tests
    left = counts - tests
    tested = (tests > 0) & (left > 0)
    if interactions.tests is None:
        left = np.maximum(left, np.minimum(counts, 1))  # a single item trains
    held, rows = tested, indptr[1:] - 1
    if validation:
        held, rows = left > 1, indptr[:-1] + left - 1
        left = left - held
    held_out = np.full(len(counts), -1, np.int32)
    held_out[held] = items[rows[held]]
    place = np.arange(len(items)) - np.repeat(indptr[:-1], counts)
    bounds = np.zeros_like(indptr)
    np.cumsum(left, out=bounds[1:])
    return Split(bounds, items[place < np.repeat(left, counts)], held_out)


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
    return (split.held_out >= 0) & (candidates(interactions) > 0)


def told(interactions: Interactions, validation: bool = False, negatives: int = 99) -> Interactions:
    """Return the data with notes of what evaluation on it cannot do.

    Parameters
    ----------
    interactions, validation
        As for `leave_one_out`.
    negatives
        How many items the held-out one is to be ranked against.
    """
    tested = evaluated(interactions, leave_one_out(interactions, validation))
    left = candidates(interactions, negatives)
    few = tested & (left < negatives)
    hopeless = tested & (left < _CUTOFF - 1)
    notes = list(interactions.notes)
    users = f"of {interactions.n_users} users"
    if not tested.all():
        notes.append(
            f"{np.count_nonzero(~tested)} {users} train and are not evaluated: they have too "
            f"few items, or no item is left to rank theirs against"
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
    return replace(interactions, notes=tuple(notes))

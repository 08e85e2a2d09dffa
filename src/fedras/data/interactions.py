"""Who interacted with what, in which order, and the split that evaluation uses."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fedras.arrays import AnyArray, Int32s, Int64s, Strings, UInt64s
from fedras.errors import UsageError

Ids = AnyArray | Sequence[str] | Sequence[int]


@dataclass(frozen=True, eq=False)
class Interactions:
    """Interactions grouped by user; each user's items in chronological order.

    Rows at the same time keep the order of the file. Build one with `from_columns`.

    Attributes
    ----------
    name
        The data set's name, or the file's.
    user_ids, item_ids
        str[M] and str[N]: the original ids as text; the position is the dense index.
    indptr
        int64[M + 1]: the items of user ``u`` are ``items[indptr[u]:indptr[u + 1]]``.
    items
        int32[interactions]: dense item indices.
    titles
        str[N] or None: what to call each item in front of people.
    notes
        One-line warnings that belong next to every result on this data.
    """

    name: str
    user_ids: Strings
    item_ids: Strings
    indptr: Int64s
    items: Int32s
    titles: Strings | None = None
    notes: tuple[str, ...] = ()

    @property
    def n_users(self) -> int:
        """The number of users, M."""
        return len(self.user_ids)

    @property
    def n_items(self) -> int:
        """The number of items, N."""
        return len(self.item_ids)

    @property
    def density(self) -> float:
        """The share of the M x N table that is filled."""
        return len(self) / max(1, self.n_users * self.n_items)

    def __len__(self) -> int:
        return len(self.items)

    def user_index(self, user_id: str) -> int:
        """Return the dense index of the user whose original id is ``user_id``.

        Raises
        ------
        UsageError
            If the data has no such user.
        """
        found = np.flatnonzero(self.user_ids == user_id)
        if not found.size:
            some = ", ".join(self.user_ids[:3].tolist())
            raise UsageError(f"{self.name} has no user {user_id!r}; its users are {some}, ...")
        return int(found[0])


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


def from_columns(
    name: str,
    users: Ids,
    items: Ids,
    times: AnyArray | None = None,
    *,
    keep_repeats: bool = False,
    min_interactions: int = 1,
    titles: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Interactions:
    """Group a table of interactions by user.

    Users and items are numbered in ascending order of their ids: by value if all of them are whole
    numbers, otherwise as text.

    Parameters
    ----------
    name
        What the data is called.
    users, items
        [rows] ids, whole numbers or text.
    times
        [rows] anything that sorts; None means that the rows are in chronological order.
    keep_repeats
        Keep all rows of a (user, item) pair instead of the first in time.
    min_interactions
        Users with fewer rows (after dropping repeats) are left out, and with them the items that
        nobody else has.
    titles
        Item titles by item id; an item without one is called by its id.
    notes
        See `Interactions`.
    """
    user_ids, user = _dense(users)
    item_ids, item = _dense(items)
    order = np.argsort(user, kind="stable") if times is None else np.lexsort((times, user))
    user, item = user[order], item[order]
    if not keep_repeats:
        first = _first_of_each(user * len(item_ids) + item)
        user, item = user[first], item[first]
    if min_interactions > 1:
        enough = np.bincount(user, minlength=len(user_ids)) >= min_interactions
        kept = enough[user]
        user_ids, user = _renumber(user_ids, user[kept])
        item_ids, item = _renumber(item_ids, item[kept])
    indptr = np.zeros(len(user_ids) + 1, np.int64)
    np.cumsum(np.bincount(user, minlength=len(user_ids)), out=indptr[1:])
    names = None if titles is None else _text([titles.get(i, i) for i in item_ids.tolist()])
    return Interactions(name, user_ids, item_ids, indptr, item.astype(np.int32), names, notes)


def leave_one_out(interactions: Interactions, validation: bool = False) -> Split:
    """Hold out each user's last interaction; at equal times the last row of the file.

    A user for whom no training row would remain is not evaluated.

    Parameters
    ----------
    interactions
        The data.
    validation
        For tuning: drop the last interaction altogether and hold out the one before it.
    """
    indptr, items = interactions.indptr, interactions.items
    counts = np.diff(indptr)
    held_out = np.full(len(counts), -1, np.int32)
    in_training = np.ones(len(items), np.bool_)
    for back in (1, 2) if validation else (1,):
        held_out[:] = -1
        evaluated = counts > back
        rows = indptr[1:][evaluated] - back
        held_out[evaluated] = items[rows]
        in_training[rows] = False
    training_before = np.zeros(len(items) + 1, np.int64)
    np.cumsum(in_training, out=training_before[1:])
    return Split(training_before[indptr], items[in_training], held_out)


def client_keys(user_ids: Strings) -> UInt64s:
    """Return uint64[M]: each client's identity, which depends on its id and not on its position.

    It is the 8-byte BLAKE2b digest of the UTF-8 id, read as a little-endian number.
    """
    digests = (hashlib.blake2b(i.encode(), digest_size=8).digest() for i in user_ids.tolist())
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def _dense(ids: Ids) -> tuple[Strings, Int64s]:
    """Return the distinct ids as text, in canonical order, and the index of each row's id."""
    column = np.asarray(ids) if isinstance(ids, np.ndarray) else ids
    if isinstance(column, np.ndarray) and column.dtype.kind in "iu":
        values, index = np.unique(column, return_inverse=True)
        return _text(values.tolist()), index.astype(np.int64, copy=False)
    texts = [str(i) for i in (column.tolist() if isinstance(column, np.ndarray) else column)]
    distinct = _canonical(set(texts))
    position = {text: index for index, text in enumerate(distinct)}
    return _text(distinct), np.fromiter(map(position.__getitem__, texts), np.int64, len(texts))


def _canonical(ids: set[str]) -> list[str]:
    """Sort by value if all ids are plain whole numbers, otherwise as text."""
    try:
        values = sorted(int(i) for i in ids)
    except ValueError:
        return sorted(ids)
    texts = [str(v) for v in values]
    return texts if set(texts) == ids else sorted(ids)  # "007" is text


def _renumber(ids: Strings, index: Int64s) -> tuple[Strings, Int64s]:
    """Forget the ids that no row uses any more."""
    used = np.bincount(index, minlength=len(ids)) > 0
    return ids[used], (np.cumsum(used) - 1)[index]


def _first_of_each(pairs: Int64s) -> Int64s:
    """Return the rows, ascending, where a value occurs for the first time."""
    order = np.argsort(pairs, kind="stable")
    ordered = pairs[order]
    first = np.ones(len(pairs), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.sort(order[first])


def _text(values: Sequence[object]) -> Strings:
    return np.array([str(v) for v in values], dtype=np.str_)

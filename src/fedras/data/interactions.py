"""Who interacted with what, in which order, and the split that evaluation uses."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fedras.arrays import AnyArray, Bools, Int32s, Int64s, Strings, UInt64s
from fedras.data.ids import Coded, canonical
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
        str[M] and str[N]: the original ids; the position is the dense index.
    indptr
        int64[M + 1]: the items of user ``u`` are ``items[indptr[u]:indptr[u + 1]]``.
    items
        int32[interactions]: dense item indices.
    titles
        str[N] or None: what to call each item in front of people.
    notes
        One-line warnings that belong next to every result on this data.
    columns
        How the columns of a table of your own were understood, in words.
    tests
        int64[M] or None: how many of each user's last items are the test, where the split is given;
        by default the last one is.
    times
        [interactions] or None: anything that sorts, ascending for each user. Whole numbers may be
        counted from the earliest.
    """

    name: str
    user_ids: Strings
    item_ids: Strings
    indptr: Int64s
    items: Int32s
    titles: Strings | None = None
    notes: tuple[str, ...] = ()
    columns: str = ""
    tests: Int64s | None = None
    times: AnyArray | None = None

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


def from_columns(
    name: str,
    users: Ids,
    items: Ids,
    times: AnyArray | Sequence[float] | None = None,
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
    data, _ = grouped(
        name,
        _coded(users),
        _coded(items),
        None if times is None else np.asarray(times),
        keep_repeats=keep_repeats,
        min_interactions=min_interactions,
    )
    return replace(data, titles=titled(data.item_ids, titles), notes=notes)


def titled(item_ids: Strings, titles: Mapping[str, str] | None) -> Strings | None:
    """Return what each item is called: by its id where there is no title."""
    return None if titles is None else strings(titles.get(i, i) for i in item_ids.tolist())


def client_keys(user_ids: Strings) -> UInt64s:
    """Return uint64[M]: each client's identity, which depends on its id and not on its position.

    It is the 8-byte BLAKE2b digest of the UTF-8 id, read as a little-endian number.
    """
    digests = (hashlib.blake2b(i.encode(), digest_size=8).digest() for i in user_ids.tolist())
    return np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)


def grouped(
    name: str,
    users: Coded,
    items: Coded,
    times: AnyArray | None = None,
    *,
    keep_repeats: bool = False,
    min_interactions: int = 1,
    min_item_interactions: int = 1,
) -> tuple[Interactions, Int64s]:
    """Group numbered ids by user; see `from_columns`.

    Returns
    -------
    The interactions, and int64[interactions], the row that each of them was.
    """
    order = _by_user_and_time(users.places, times)
    user: Int64s = users.places[order].astype(np.int64)
    item: AnyArray = items.places[order]
    if not keep_repeats:
        first = _first_of_each(user * len(items.ids) + item)
        if not first.all():
            order, user, item = order[first], user[first], item[first]
    kept = _core(user, item, min_interactions, min_item_interactions)
    if kept is not None:
        order, user, item = order[kept], user[kept], item[kept]
    user_ids, user = _renumber(users.ids, user)
    item_ids, item = _renumber(items.ids, item)
    indptr = np.zeros(len(user_ids) + 1, np.int64)
    np.cumsum(np.bincount(user, minlength=len(user_ids)), out=indptr[1:])
    texts = strings(user_ids), strings(item_ids)
    rows = indptr, item.astype(np.int32, copy=False)
    when = None if times is None else _compact(times, order)
    return Interactions(name, *texts, *rows, times=when), order


def _compact(times: AnyArray, order: Int64s) -> AnyArray:
    """Return the times in this order, in four bytes each if they are whole numbers."""
    found: AnyArray = times[order]
    if found.dtype.kind not in "iu" or not len(found):
        return found
    least = found.min()
    if int(found.max()) - int(least) >= 2**32:
        return found
    return np.asarray(found - least, np.uint32)


def strings(texts: Iterable[str]) -> Strings:
    """Return an array in which each text takes no more than its own length."""
    return np.array(list(texts), np.dtypes.StringDType())


def _by_user_and_time(user: Int32s, times: AnyArray | None) -> Int64s:
    """Return a stable order by user, then time."""
    if times is None or not len(times):
        return np.argsort(user, kind="stable")
    if times.dtype.kind != "i":
        return np.lexsort((times, user))
    span = int(times.max()) - int(times.min()) + 1
    if span * (int(user.max()) + 1) >= 2**62:
        return np.lexsort((times, user))
    key = user.astype(np.int64)  # one number for both: twice as fast
    key *= span
    key += times - times.min()
    return np.argsort(key, kind="stable")


def _core(user: Int64s, item: AnyArray, least: int, least_of_item: int) -> Bools | None:
    """Return which rows are left when users and items with too few are gone; None if all are."""
    if least <= 1 and least_of_item <= 1:
        return None
    kept = np.ones(len(user), np.bool_)
    while True:
        few = np.bincount(user[kept], minlength=user.max(initial=0) + 1) < least
        rare = np.bincount(item[kept], minlength=item.max(initial=0) + 1) < least_of_item
        gone = kept & (few[user] | rare[item])
        if not gone.any():
            return kept
        kept &= ~gone


def _coded(ids: Ids) -> Coded:
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        values, index = np.unique(ids, return_inverse=True)
        return Coded([str(value) for value in values.tolist()], index.astype(np.int32, copy=False))
    texts = [str(i) for i in (ids.tolist() if isinstance(ids, np.ndarray) else ids)]
    distinct = canonical(set(texts))
    place = {text: number for number, text in enumerate(distinct)}
    return Coded(distinct, np.fromiter(map(place.__getitem__, texts), np.int32, len(texts)))


def _renumber(ids: Sequence[str], index: AnyArray) -> tuple[Sequence[str], AnyArray]:
    """Forget the ids that no row uses any more."""
    used = np.bincount(index, minlength=len(ids)) > 0
    if used.all():
        return ids, index
    return [ids[n] for n in np.flatnonzero(used).tolist()], (np.cumsum(used) - 1)[index]


def _first_of_each(pairs: Int64s) -> Bools:
    """Return where a value occurs for the first time."""
    order = np.argsort(pairs, kind="stable")
    pairs = pairs[order]
    first = np.ones(len(pairs), np.bool_)
    np.not_equal(pairs[1:], pairs[:-1], out=first[1:])
    found = np.empty_like(first)
    found[order] = first
    return found

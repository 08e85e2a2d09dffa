"""What a trained federation recommends to its users, and to new ones."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np

from fedras.arrays import Bools, Float32s, Int32s, Int64s
from fedras.core.scoring import score_all
from fedras.data.interactions import Interactions, client_keys
from fedras.errors import FedrasError, UsageError
from fedras.evaluation.scores import Ranked, Scorer
from fedras.federation.client import Silo, held
from fedras.federation.fold_in import fold_in
from fedras.run.export import export
from fedras.run.names import Names
from fedras.run.ranking import Item, Ranking, Rankings, Recommendation, best_of

Id: TypeAlias = str | int | np.integer[Any]
_ONE = str | int | np.integer
_BLOCK_SCORES = 1 << 22
_NEWCOMER = client_keys(np.array([""]))  # an id that nobody in any data has


class Recommender:
    """Recommends as each user's own device would. Get one with `load`.

    Where clients have replicas of different budgets, each user's recommendations come from the own
    one; new users and similar items from that of the largest budget.

    Parameters
    ----------
    silo, data
        The clients, and all their interactions in the same order.

    Attributes
    ----------
    silo, data
        As given.
    users, items
        All ids, in the order of the data.
    """

    def __init__(self, silo: Silo, data: Interactions) -> None:
        self.silo, self.data = silo, data
        titles = None if data.titles is None else data.titles.tolist()
        self._users = Names("user", data.name, data.user_ids.tolist())
        self._items = Names("item", data.name, data.item_ids.tolist(), titles)
        self.users, self.items = self._users.ids, self._items.ids

    def __repr__(self) -> str:
        config, kind = self.silo.config, type(self).__name__
        return (
            f"{kind}({self.data.name}: {len(self.users)} users, {len(self.items)} items; "
            f"{config.model}, {config.method}, {self.silo.version} rounds)"
        )

    @overload
    def recommend(  # type: ignore[overload-overlap]
        self, user: Id, k: int = 10, seen: bool = False
    ) -> Ranking: ...
    @overload
    def recommend(self, user: Iterable[Id], k: int = 10, seen: bool = False) -> Rankings: ...
    def recommend(
        self, user: Id | Iterable[Id], k: int = 10, seen: bool = False
    ) -> Ranking | Rankings:
        """Return the best ``k`` items that the user does not have yet, best first.

        Fewer if fewer are left. The scores come from the user's own vector and replica.

        Parameters
        ----------
        user
            The user's id in the data; several for a `Rankings`.
        k
            How many, at least 1.
        seen
            Whether items that the user has count as well.

        Raises
        ------
        UsageError
            If there is no such user, or ``k`` is less than 1.
        """
        found = Rankings(self.each(_several(user), k, seen))
        return found[str(user)] if isinstance(user, _ONE) else found

    def each(
        self, users: Iterable[Id], k: int = 10, seen: bool = False
    ) -> Iterator[tuple[str, Ranking]]:
        """Return an iterator of users and what `recommend` says to them.

        Users are scored in blocks that hold a few million scores, whatever their number.
        """
        _require_positive(k)
        return self._each(self._users.places(users), k, seen)

    def items_of(self, user: Id, k: int | None = None) -> list[Item]:
        """Return the last ``k`` items of a user, by default all, the latest first.

        Raises
        ------
        UsageError
            If there is no such user, or ``k`` is less than 1.
        """
        _require_positive(1 if k is None else k)
        (place,) = self._users.places([user])
        return [self._item(row) for row in self._rows_of(place)[::-1][:k]]

    def item(self, item: Id) -> Item:
        """Return an item with its title; UsageError if there is no such item."""
        return self._item(self._items.places([item])[0])

    def fold_in(self, items: Iterable[Id], k: int = 10, seen: bool = False) -> Ranking:
        """Return what a user would be recommended who is new and likes ``items``.

        The user's vector is trained here and now (`federation.fold_in`), the same for the same
        items in any order; nothing is sent and nothing is kept.

        Parameters
        ----------
        items
            Their ids, at least one.
        k, seen
            As for `recommend`.

        Raises
        ------
        UsageError
            If there is no such item, or ``k`` is less than 1.
        """
        _require_positive(k)
        liked = np.unique(self._items.places(_several(items))).astype(np.int32)
        indptr = np.array([0, len(liked)])
        vectors = fold_in(self.silo, _NEWCOMER, indptr, liked)
        silo, nobody = self.silo, np.zeros(1, np.int64)
        alike = silo.context._replace(decay=1.0)  # the items are in no order
        state = Ranked(vectors, silo.replicas[-1:], silo.scoring, nobody, alike)
        scores = _finite(Scorer(silo.model, state, indptr, liked)(nobody))
        return self._best(scores[0], self._fresh(liked, seen), k)

    @overload
    def similar(  # type: ignore[overload-overlap]
        self, item: Id, k: int = 10
    ) -> Ranking: ...
    @overload
    def similar(self, item: Iterable[Id], k: int = 10) -> Rankings: ...
    def similar(self, item: Id | Iterable[Id], k: int = 10) -> Ranking | Rankings:
        """Return the ``k`` items whose vectors have the largest cosine with that of ``item``.

        The vectors are the rows of the replica; an item that is all zero is like nothing.

        Parameters
        ----------
        item
            An item's id; several for a `Rankings`.
        k
            How many, at least 1.

        Raises
        ------
        UsageError
            If there is no such item, or ``k`` is less than 1.
        """
        _require_positive(k)
        wanted = _several(item)
        places = self._items.places(wanted)
        replica = self.silo.replicas[-1]
        norms = np.sqrt(np.sum(replica * replica, axis=1, keepdims=True))
        units = replica / np.where(norms > 0, norms, np.float32(1))
        found = Rankings()
        for name, place in zip(wanted, places, strict=True):
            cosines = score_all(units[place : place + 1], units)[0]
            found[str(name)] = self._best(cosines, self._fresh(place, False), k)
        return found[str(item)] if isinstance(item, _ONE) else found

    def find(self, text: str) -> str:
        """Return the id of the item that ``text`` names: the id, the title or a part of one only.

        Raises
        ------
        UsageError
            If there is no such item, or more than one.
        """
        return self._items.named(text)

    def titled(self, text: str) -> str:
        """Do as `find` does, for titles alone."""
        return self._items.titled(text)

    def export(self, path: str | Path, users: bool = False) -> None:
        """Write the item vectors to a file, and what else it takes to score them (`run.export`).

        Parameters
        ----------
        path
            Ends with ``.npz`` or ``.safetensors``; a file that is there is replaced.
        users
            Whether to write the users' private vectors too, which never leave their devices in a
            federation: they tell what each user likes.

        Raises
        ------
        UsageError
            If the path ends otherwise or the extra ``export`` is missing.
        FedrasError
            If it cannot be written.
        """
        export(self.silo, self.data, Path(path), users)

    def _each(self, places: Int64s, k: int, seen: bool) -> Iterator[tuple[str, Ranking]]:
        block = max(1, _BLOCK_SCORES // self.data.n_items)
        scorer = Scorer(self.silo.model, held(self.silo), self.data.indptr, self.data.items)
        for start in range(0, len(places), block):
            mine = places[start : start + block]
            for place, row in zip(mine, _finite(scorer(mine)), strict=True):
                fresh = self._fresh(self._rows_of(place), seen)
                yield self.users[place], self._best(row, fresh, k)

    def _rows_of(self, place: int) -> Int32s:
        return self.data.items[self.data.indptr[place] : self.data.indptr[place + 1]]

    def _fresh(self, known: Int32s | np.int64, seen: bool) -> Bools:
        """Return bool[N]: all items but the known ones, or all."""
        fresh = np.ones(self.data.n_items, np.bool_)
        fresh[known] = seen
        return fresh

    def _best(self, scores: Float32s, fresh: Bools, k: int) -> Ranking:
        places = best_of(scores, fresh, k)
        return Ranking(Recommendation(*self._item(row), float(scores[row])) for row in places)

    def _item(self, row: int) -> Item:
        titles = self._items.titles
        return Item(self.items[row], None if titles is None else titles[row])


def _finite(scores: Float32s) -> Float32s:
    if not np.isfinite(scores).all():
        raise FedrasError("training diverged; train again with a smaller learning_rate")
    return scores


def _several(ids: Id | Iterable[Id]) -> list[Id]:
    return [ids] if isinstance(ids, _ONE) else list(ids)


def _require_positive(k: int) -> None:
    if k < 1:
        raise UsageError(f"cannot list {k} items; ask for at least 1")

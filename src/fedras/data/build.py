"""From the rows that were taken of a table, and of its test, to interactions."""

from dataclasses import replace
from typing import Any

import numpy as np

from fedras.arrays import AnyArray, Bools, Int32s
from fedras.data.ids import Coded, canonical
from fedras.data.interactions import Interactions, grouped
from fedras.data.select import Selection, Taken
from fedras.errors import DataError


def build(name: str, taken: Taken, selection: Selection, test: Taken | None = None) -> Interactions:
    """Group what was taken by user; ``test`` comes behind it and stays out of training.

    Raises
    ------
    DataError
        If no user is left.
    """
    notes = list(taken.notes)
    before = len(taken.users.ids)
    train_rows = len(taken.users.places)
    users, items, times = taken.users, taken.items, taken.times
    if test is not None:
        users, items, times = _behind(taken, test, notes)
    data, order = grouped(
        name,
        users,
        items,
        times,
        keep_repeats=selection.keep_repeats,
        min_interactions=selection.min_interactions,
        min_item_interactions=selection.min_item_interactions,
    )
    if not len(data):
        least = selection.min_item_interactions
        those = f" with items that {least} users have" if least > 1 else ""
        raise DataError(
            f"{name}: no user has {selection.min_interactions} interactions{those}; choose a "
            f"smaller min_{'item_' if least > 1 else ''}interactions"
        )
    if data.n_users < before:
        notes.append(
            f"{before - data.n_users} of {before} users have fewer than "
            f"{selection.min_interactions} interactions and were dropped"
        )
    given: dict[str, Any] = {}
    if test is not None:
        mark = np.concatenate(([0], np.cumsum(order >= train_rows)))
        given = {"tests": mark[data.indptr[1:]] - mark[data.indptr[:-1]], "times": None}
    elif times is not None:
        notes.extend(_ties(data, times[order]))
    words = taken.words + _repeats(data, train_rows, selection) if test is None else taken.words
    return replace(data, notes=tuple(notes), columns=words, **given)


def _repeats(data: Interactions, rows: int, selection: Selection) -> str:
    """Say how many rows repeat a user and an item, where nothing else leaves rows out."""
    others = selection.min_interactions > 1 or selection.min_item_interactions > 1
    if others or len(data) == rows:
        return ""
    return (
        f"; {rows - len(data):,} of {rows:,} rows repeat a user and an item, of which the first in "
        f"time counts (all: --set keep_repeats=true)"
    )


def _ties(data: Interactions, times: AnyArray) -> list[str]:
    """Say for how many users the order of the file decides which item is held out."""
    last = data.indptr[1:] - 1
    several = np.diff(data.indptr) > 1
    tied = np.count_nonzero(times[last[several]] == times[last[several] - 1])
    if not tied:
        return []
    return [
        f"{tied} of {data.n_users} users have several items at their last time; the one that comes "
        f"last in the file is held out"
    ]


def _behind(taken: Taken, test: Taken, notes: list[str]) -> tuple[Coded, Coded, AnyArray]:
    """Return both as one table, with times by which the test comes last."""
    known = set(taken.users.ids)
    here = np.array([each in known for each in test.users.ids], np.bool_)[test.users.places]
    if not here.all():
        strangers = len(set(test.users.ids) - known)
        notes.append(f"{strangers} users of the test have no interactions to train on: left out")
    users = _merged(taken.users, test.users, here)
    items = _merged(taken.items, test.items, here)
    part = np.arange(len(users.places)) >= len(taken.users.places)
    times = np.zeros(len(part), np.int64)
    if taken.times is not None and test.times is not None:
        times = np.concatenate((taken.times, test.times[here]))
    rank = np.empty(len(part), np.int64)
    rank[np.lexsort((times, part))] = np.arange(len(part))
    return users, items, rank


def _merged(first: Coded, second: Coded, here: Bools) -> Coded:
    ids = canonical({*first.ids, *second.ids})
    place = {text: number for number, text in enumerate(ids)}
    parts: list[Int32s] = []
    for each, index in ((first, first.places), (second, second.places[here])):
        parts.append(np.array([place[text] for text in each.ids], np.int32)[index])
    return Coded(ids, np.concatenate(parts))

"""A table of your own: CSV, TSV or Parquet."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from fedras.arrays import Float64s, Int64s
from fedras.data.dataset import Dataset
from fedras.data.interactions import Interactions, from_columns
from fedras.data.rows import Row, text_rows
from fedras.data.sources import Sources
from fedras.errors import DataError

_SUFFIXES = {".csv", ".tsv", ".txt", ".inter", ".parquet"}


def is_path(name: str) -> bool:
    """Return whether ``name`` means a file rather than a data set's name."""
    return Path(name).suffix.lower() in _SUFFIXES or "/" in name or os.sep in name


class File(Dataset):
    """A file with the columns user, item and, if there are any, rating and timestamp.

    Columns are recognised by their names (``user_id``, ``movieId``, ``timestamp``, ...) or, in a
    file without names, by their order. Every row counts as an interaction, whatever its rating.
    Without timestamps the rows are taken to be in chronological order.
    """

    description: ClassVar[str] = "a table of your own"

    path: Path
    """The file; ``.parquet`` needs the extra ``fedras[parquet]``."""
    keep_repeats: bool = False
    """Keep all rows of a (user, item) pair instead of the first in time."""
    min_interactions: int = Field(default=1, ge=1, lt=2**31)
    """Users with fewer distinct items (with ``keep_repeats``: rows) are dropped."""

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions.

        Raises
        ------
        DataError
            If the file cannot be read, a row is malformed, or a user has a single interaction.
        """
        users: list[str] = []
        items: list[str] = []
        times: list[int | float] = []
        for _, user, item, time in read_rows(self.path):
            users.append(user)
            items.append(item)
            if time is not None:
                times.append(time)
        data = from_columns(
            self.path.name,
            users,
            items,
            _numbers(times) if times else None,
            keep_repeats=self.keep_repeats,
            min_interactions=self.min_interactions,
        )
        self._check(data)
        before = len(set(users))
        if data.n_users < before:
            note = (
                f"{before - data.n_users} of {before} users have fewer than "
                f"{self.min_interactions} interactions and were dropped"
            )
            data = replace(data, notes=(note,))
        return data

    def _check(self, data: Interactions) -> None:
        """Refuse data that cannot be split into training and test."""
        if not data.n_users:
            raise DataError(
                f"{self.path}: no user has {self.min_interactions} interactions; "
                f"choose a smaller min_interactions"
            )
        single = data.user_ids[np.diff(data.indptr) < 2].tolist()
        if not single:
            return
        lone = set(single)
        line, user = next((line, user) for line, user, _, _ in read_rows(self.path) if user in lone)
        more = f" (and so have {len(single) - 1} more)" if len(single) > 1 else ""
        raise DataError(
            f"{self.path}:{line}: user {user!r} has one item only{more}, and leave-one-out "
            f"evaluation needs two; --set min_interactions=2 drops such users"
        )


def read_rows(path: Path) -> Iterable[Row]:
    """Yield the rows of a CSV, TSV or Parquet file.

    Raises
    ------
    DataError
        If it cannot be read or a row is malformed.
    """
    if not path.exists():
        raise DataError(f"{path}: there is no such file; check the path")
    if path.is_dir():
        raise DataError(f"{path}: is a folder; give the path of a CSV, TSV or Parquet file")
    if path.suffix.lower() != ".parquet":
        return text_rows(path)
    from fedras.data.parquet import parquet_rows  # noqa: PLC0415 -- needs an optional package

    return parquet_rows(path)


def _numbers(times: list[int | float]) -> Int64s | Float64s:
    """Keep whole numbers whole: nanoseconds since 1970 do not fit a float64."""
    whole = all(type(time) is int for time in times)
    return np.array(times, np.int64) if whole else np.array(times, np.float64)

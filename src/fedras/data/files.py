"""A file of your own, in any form that people have."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator

from fedras.data import columns as named
from fedras.data.build import build
from fedras.data.dataset import DATASETS, Dataset
from fedras.data.forms.open_rows import open_rows
from fedras.data.forms.rows import Rows
from fedras.data.interactions import Interactions, titled
from fedras.data.select import Mapped, Selection, take
from fedras.data.sources import Sources
from fedras.data.titles import ROLES, read_titles
from fedras.errors import DataError

MEMORY = "memory:"
"""Stands before the name of data that a run was given in memory."""
_TEXT = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data", ".inter", ".json", ".jsonl", ".ndjson")
_SUFFIXES = {*_TEXT, ".parquet", ".feather", ".arrow", ".gz", ".bz2", ".xz", ".zip"}


def is_path(name: str) -> bool:
    """Return whether ``name`` means a file rather than a data set's name."""
    path = Path(name)
    if name.startswith(MEMORY):
        return False
    if path.suffix.lower() in _SUFFIXES or path.name != name:
        return True
    return name not in DATASETS and path.exists()


class InMemory(Dataset):
    """Data that a run was given in memory, which nothing but its owner can load again."""

    description: ClassVar[str] = "a table in memory"

    name: str

    def load(self, sources: Sources) -> Interactions:
        """Raise DataError: it has to be given."""
        raise DataError(
            f"the data {self.name!r} was in memory; give it again: interactions=... in Python, or "
            f"--dataset FILE with the same rows"
        )


class File(Dataset, Selection):
    """A file of interactions, read as its content demands.

    Text separated by commas, tabs, ``::``, semicolons, bars or blanks, JSON lines, Parquet, Arrow,
    RecBole's ``.inter``, lists of a user and its items; also packed with gzip, bzip2, xz or ZIP.
    Columns are recognised by their names or, in a file without names, by their order and content.
    Every row counts as an interaction, whatever its rating.
    """

    description: ClassVar[str] = "a table of your own"

    path: Path
    """The file."""
    items: str = ""
    """A file with a title for each item."""
    item_columns: Mapped = ""
    """Which of its columns is which: item=NAME,title=NAME."""
    test: str = ""
    """A second file of interactions, the test; all others train."""
    header: bool | Literal[""] = ""
    """Whether the first line names the columns; by default that is found out."""
    separator: str = ""
    """What separates columns; by default that is found out."""
    layout: Literal["", "table", "lists"] = ""
    """Whether each line is a row, or a user and its items; by default that is found out."""

    @model_validator(mode="after")
    def _titles_readable(self) -> Self:
        named.parse(self.item_columns, ROLES)
        return self

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions.

        Raises
        ------
        DataError
            If the file cannot be read, or a column or row cannot be meant.
        """
        path = _found(self.path, sources)
        taken = take(self.rows(path), self)
        test = None
        if self.test:
            test = take(self.rows(_found(Path(self.test), sources)), self)
        data = build(path.name, taken, self, test)
        if not self.items:
            return data
        known = set(named.parse(self.item_columns, ROLES).values())
        place = _found(Path(self.items), sources)
        titles = read_titles(open_rows(place, known | {"id", "title", "name"}), self.item_columns)
        some = data.item_ids[:3].tolist()
        if not any(map(titles.__contains__, data.item_ids.tolist())):
            raise DataError(
                f"{place}: has no title for any item, such as {', '.join(some)}; say its columns: "
                f"--item-columns item=NAME,title=NAME"
            )
        return replace(data, titles=titled(data.item_ids, titles))

    def rows(self, path: Path) -> Rows:
        """Return the rows of a file that is written like this one."""
        return open_rows(
            path,
            self.names(),
            None if self.header == "" else self.header,
            self.separator,
            self.layout,
        )


def absolute(name: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return a file's path and options with absolute paths."""
    there = {k: _absolute(v) for k, v in options.items() if k in {"items", "test"} and v}
    return _absolute(name), {**options, **there}


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _found(path: Path, sources: Sources) -> Path:
    """Return the file, or the one of its name in the folder of data sets if it is gone."""
    moved = sources.data_dir and sources.data_dir / path.name
    return moved if moved and not path.exists() and moved.is_file() else path

"""Rows of finished runs: one line of JSON each, in a file per experiment, found by their key."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from fedras.errors import FedrasError, UsageError
from fedras.experiments.task import Row, Task
from fedras.whole_files import FolderLock, make_folder, write

RUNS = "runs.jsonl"


class Store:
    """All rows below a folder. A run that several experiments share is found by each.

    A row is known by its configuration, completed with today's defaults: an option that is new
    since then does not outdate it, a default that has changed does.

    Parameters
    ----------
    out
        The folder of results; it is made when the first row is added.

    Raises
    ------
    FedrasError
        If a file cannot be read, or a line of it is damaged.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self._rows: dict[str, Row] = {}
        self._held: dict[str, dict[str, Row]] = {}
        for path in sorted(out.glob(f"*/{RUNS}")):
            self._held[path.parent.name] = {}
            for row in _read(path):
                self._remember(path.parent.name, row)

    def __contains__(self, task: Task) -> bool:
        return task.key in self._rows

    def get(self, task: Task, name: str = "") -> Row | None:
        """Return the row of ``task``, that of the experiment ``name`` if it has one of its own.

        None if it has not been done. Rows of one task that were measured by different versions
        have the same quality, and may have other sizes.
        """
        return self._held.get(name, {}).get(task.key) or self._rows.get(task.key)

    def rows(self) -> Iterable[Row]:
        """Return all rows."""
        return self._rows.values()

    def add(self, name: str, row: Row) -> None:
        """Append a row to the file of the experiment ``name``; it is on the disk afterwards.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        path = self.folder(name) / RUNS
        try:
            with path.open("ab+") as file:
                _drop_torn(file)
                file.write(json.dumps(row).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise FedrasError(f"cannot write {path}: {error.strerror}") from None
        self._remember(name, row)

    def arrange(self, name: str, tasks: Iterable[Task]) -> None:
        """Let the file of ``name`` hold the rows of ``tasks``, in this order, then all others.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        found = {task.key: row for task in tasks if (row := self.get(task, name)) is not None}
        rows = found | self._held.get(name, {})
        if rows:
            self.write(name, RUNS, "".join(json.dumps(row) + "\n" for row in rows.values()))
            self._held[name] = rows

    def write(self, name: str, file: str, text: str) -> None:
        """Write a file of the experiment ``name``, whole or not at all.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        write(self.folder(name) / file, text.encode())

    def folder(self, name: str) -> Path:
        """Make the folder of the experiment ``name``.

        Raises
        ------
        FedrasError
            If it cannot be made.
        """
        folder = self.out / name
        make_folder(folder)
        return folder

    def _remember(self, name: str, row: Row) -> None:
        try:
            key = Task.of(row["config"], row["observe"]).key
        except UsageError:  # of another version, which had other options
            return
        self._rows.setdefault(key, row)
        self._held.setdefault(name, {}).setdefault(key, row)

    def lock(self) -> FolderLock:
        """Keep other processes from writing here until the lock is released.

        Raises
        ------
        FedrasError
            If another process has locked it.
        """
        make_folder(self.out)
        lock = FolderLock(self.out)
        if not lock.acquire():
            raise FedrasError(
                f"another process writes results to {self.out}; wait for it or choose another --out"
            )
        return lock


def _read(path: Path) -> Iterator[Row]:
    """Return the rows of a file, without a last line that has no end: a kill cut it off."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FedrasError(f"cannot read {path}: {error.strerror}") from None
    for number, line in enumerate(content[: _whole(content)].splitlines(), start=1):
        try:
            row = json.loads(line)
            row["config"], row["observe"]
        except (ValueError, KeyError, TypeError):
            raise FedrasError(f"{path}:{number} is damaged; delete the line") from None
        yield row


def _drop_torn(file: BinaryIO) -> None:
    """Cut off a last line that has no end, before another one follows it."""
    file.seek(0)
    content = file.read()
    if _whole(content) < len(content):
        file.truncate(_whole(content))


def _whole(content: bytes) -> int:
    """Return how many bytes are whole lines."""
    return content.rfind(b"\n") + 1

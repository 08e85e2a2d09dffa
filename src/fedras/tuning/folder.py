"""The folder of a tuning. Each file in it is whole at any time, whatever kills the process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w

from fedras.config import Config, read_config
from fedras.errors import FedrasError, UsageError
from fedras.tuning.rows import Row, as_csv
from fedras.tuning.space import Given, Range, Searched, searched
from fedras.whole_files import FolderLock, make_folder, names_in, next_folder, write

BEST = "config.toml"
JOURNAL = "journal.log"
STUDY = "study.toml"
TRIALS = "trials.csv"


class Plan(NamedTuple):
    """What a tuning is.

    Attributes
    ----------
    trials
        How many shall be done.
    data
        A digest of the interactions.
    options
        Those that were given, defaults left out.
    search
        What is searched besides what components declare.
    """

    trials: int
    data: str
    options: Given
    search: Mapping[str, Searched]


class TuningFolder:
    """The folder that keeps a tuning: what it is, its journal, its trials and the best of them.

    All is for its owner only.

    Parameters
    ----------
    path
        The folder; it need not exist yet.
    numbered
        Whether `create` shall take the first of ``path-1``, ``path-2`` ... that there is not yet.
    """

    def __init__(self, path: str | Path, numbered: bool = False) -> None:
        self.path, self._numbered = Path(path), numbered
        self._lock = FolderLock(self.path)

    def has_begun(self) -> bool:
        """Return whether the folder holds a tuning."""
        return not self._numbered and (self.path / STUDY).is_file()

    def require_new(self) -> None:
        """Check that a new tuning may start here.

        Raises
        ------
        UsageError
            If there is something already.
        FedrasError
            If the folder cannot be read.
        """
        if not self._numbered and names_in(self.path):
            raise UsageError(
                f"{self.path} is not empty; continue its tuning with --resume or choose another "
                "--out"
            )

    def create(self, plan: Plan) -> None:
        """Make the folder, lock it and write what is to be done.

        Raises
        ------
        UsageError
            If there is something already.
        FedrasError
            If it cannot be written, or another process uses it.
        """
        if self._numbered:
            self.path, self._numbered = next_folder(self.path), False
            self._lock = FolderLock(self.path)
        self.require_new()
        make_folder(self.path, private=True)
        self.lock()
        self.require_new()
        self.plan(plan)

    def lock(self) -> None:
        """Keep other processes from writing here until `release`, or until this one ends.

        Raises
        ------
        FedrasError
            If another process has locked it.
        """
        if not self._lock.acquire():
            raise FedrasError(
                f"another process is tuning in {self.path}; wait for it or choose another --out"
            )

    def release(self) -> None:
        """Let other processes write here."""
        self._lock.release()

    def plan(self, plan: Plan) -> None:
        """Write what is to be done.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        content = {
            "trials": plan.trials,
            "data": plan.data,
            "options": {name: value for name, value in plan.options.items() if value is not None},
            "search": {name: _stored(what) for name, what in plan.search.items()},
        }
        write(self.path / STUDY, tomli_w.dumps(content).encode(), private=True)

    def planned(self) -> Plan:
        """Return what is to be done.

        Raises
        ------
        UsageError
            If the folder holds no tuning, or one that cannot be meant.
        FedrasError
            If it cannot be read.
        """
        path = self.path / STUDY
        if not self.has_begun():
            raise UsageError(f"{self.path} holds no tuning: there is no {path}")
        given = read_config(path)
        try:
            search = {name: searched(name, what) for name, what in given["search"].items()}
            plan = Plan(int(given["trials"]), str(given["data"]), dict(given["options"]), search)
        except (LookupError, TypeError, ValueError, AttributeError, UsageError):
            raise UsageError(f"{path} is damaged; tune again with another --out") from None
        return plan

    def write(self, rows: list[Row], best: Config) -> None:
        """Write all trials that have ended, and the configuration of the best.

        Raises
        ------
        FedrasError
            If it cannot be written.
        """
        write(self.path / TRIALS, as_csv(rows).encode(), private=True)
        write(self.path / BEST, best.to_toml().encode(), private=True)


def _stored(what: Searched) -> Any:
    """Return what `searched` reads back."""
    return f"{what.low!r}..{what.high!r}" if isinstance(what, Range) else list(what.values)

"""Runs as their folders have them: options, a line per evaluated round, a summary at the end."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.run.checkpoint import CHECKPOINT
from fedras.run.folder import AUDIT, RunFolder
from fedras.whole_files import names_in

# Options that say where things are and what they are called, not what is done.
_PLACES = {"data_dir", "items", "item_columns", "threads"}
_MOST_POINTS = 100


class Leak(NamedTuple):
    """How well a curious server names users' items by five uploads (`fedras.audit`).

    Attributes
    ----------
    f1
        Of the best attack.
    popular
        Of naming as many of the most popular items, without any upload.
    text
        The same in words.
    """

    f1: float
    popular: float
    text: str


@dataclass(frozen=True)
class KeptRun:
    """A run that is read, not loaded: neither its data nor its checkpoint is needed.

    Attributes
    ----------
    name
        What the report calls it: its folder's name, or the path where two have the same.
    folder
        Where it is.
    config
        With every default filled in.
    lines
        What ``metrics.jsonl`` says of each evaluated round.
    summary
        What ``summary.json`` says; None while the run is not finished.
    audit
        What ``audit.json`` says, if the run was audited (`fedras.audit`).
    """

    name: str
    folder: Path
    config: Config
    lines: list[dict[str, Any]]
    summary: dict[str, Any] | None
    audit: dict[str, Any] | None = None

    @property
    def leak(self) -> "Leak | None":
        """What uploads give away; None if nobody looked since the last round."""
        found = self.audit or {"rounds": None}
        known = found["rounds"] == self.rounds
        return Leak(*(found[name] for name in Leak._fields)) if known else None

    @property
    def rounds(self) -> int:
        """How many rounds are known to be done."""
        return self.lines[-1]["round"] if self.summary is None else self.summary["rounds"]  # type: ignore[no-any-return]

    @property
    def data(self) -> tuple[Any, ...]:
        """What runs have in common whose quality may be held against each other."""
        config, found = self.config, self.summary or {}
        split = config.split, config.test_share, config.validation, config.eval_negatives
        sizes = (found.get(name) for name in ("users", "items", "interactions"))
        return (*sizes, *split)

    @property
    def held_out(self) -> str:
        """What the end of the run is ranked on."""
        return "validation item" if self.config.validation else "test item"

    @property
    def options(self) -> dict[str, Any]:
        """All options that numbers may depend on."""
        return {name: value for name, value in self.config.flat().items() if name not in _PLACES}

    def few_lines(self, most: int = _MOST_POINTS) -> list[dict[str, Any]]:
        """Return evaluated rounds for a curve: evenly spread if there are many, and the last."""
        step = -(-len(self.lines) // most)
        return [*self.lines[:-1:step], self.lines[-1]] if self.lines else []


def read_runs(folders: Sequence[Path]) -> list[KeptRun]:
    """Return the runs in folders.

    Raises
    ------
    UsageError
        If one holds no run, or one without an evaluated round, or if it is given twice.
    FedrasError
        If something cannot be read.
    """
    twice = [path for path, n in Counter(path.resolve() for path in folders).items() if n > 1]
    if twice:
        raise UsageError(f"{twice[0]} is given twice; name each run once")
    return [_read(folder, name) for folder, name in zip(folders, _names(folders), strict=True)]


def _names(folders: Sequence[Path]) -> Iterator[str]:
    short = [path.resolve().name for path in folders]
    for name, path in zip(short, folders, strict=True):
        yield name if short.count(name) == 1 else str(path)


def _read(path: Path, name: str) -> KeptRun:
    folder = RunFolder(path)
    if not folder.has_run() and (hint := _meant(path)):
        raise UsageError(f"{path} holds no run{hint}")
    config, lines, summary = folder.config(), folder.metrics(), folder.summary()
    if not lines and summary is None:
        raise UsageError(
            f"the run in {path} has no evaluated round yet; continue it with "
            f"fedras train --resume --out {path}"
        )
    return KeptRun(name, path, config, lines, summary, _audited(folder))


def _audited(folder: RunFolder) -> dict[str, Any] | None:
    audit = folder.audit()
    if audit is not None and not {"rounds", *Leak._fields} <= audit.keys():
        raise FedrasError(f"{folder.path / AUDIT} is of another version; run fedras audit again")
    return audit


def _meant(path: Path) -> str:
    """Return what somebody may have meant who names a folder without a run."""
    above = [folder for folder in path.resolve().parents[:2] if RunFolder(folder).has_run()]
    if above and (path / CHECKPOINT).is_file():
        return f", but what a node of {above[0]} keeps: name that folder"
    if above:
        return f": it is a part of {above[0]}, name that"
    if (path / CHECKPOINT).is_file():
        return ", but what a node keeps: the folder of the run is the server's"
    below = sorted(each for each in names_in(path) if RunFolder(path / each).has_run())
    return f"; there are some in it, such as {path / below[0]}" if below else ""


def differing(runs: Sequence[KeptRun]) -> list[str]:
    """Return the options that the runs do not have in common."""
    names = dict.fromkeys(name for run in runs for name in run.options)
    return [
        name
        for name in names
        if any(run.options.get(name) != runs[0].options.get(name) for run in runs)
    ]

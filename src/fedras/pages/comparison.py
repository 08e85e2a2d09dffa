"""Runs side by side: quality with intervals, bytes, and which differences are no luck."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fedras import api
from fedras.errors import FedrasError, UsageError
from fedras.evaluation.metrics import DECIDES
from fedras.evaluation.results import Results
from fedras.evaluation.significance import Difference, Interval
from fedras.pages.kept import KeptRun, Leak, differing
from fedras.run.beside import POPULARITY, title
from fedras.run.trained import Trained

AT = (10,)
LUCK = 0.05
"""A difference is called significant if the chance of as much by luck is below this."""


@dataclass(frozen=True)
class Row:
    """A run, or what runs are held against.

    Attributes
    ----------
    name
        Of the run or the baseline.
    options
        Those that the runs have not in common.
    rounds
        How many were done; None of a baseline.
    metrics
        Of the test item, against sampled ones; empty while the run is not finished.
    interval
        Of NDCG@10; None where the data cannot be had.
    less
        NDCG@10 less that of the best run.
    chance
        Of such a difference by luck: by the randomisation test, and corrected for as many tests as
        there are (Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979).
    sent, received
        Bytes that one user paid in the whole training.
    share
        Of the bytes that training without compression takes.
    seconds
        Of training.
    leak
        What uploads give away; None if nobody looked.
    """

    name: str
    options: dict[str, Any]
    rounds: int | None
    metrics: dict[str, float]
    interval: Interval | None = None
    less: Difference | None = None
    chance: float | None = None
    sent: float | None = None
    received: float | None = None
    share: float | None = None
    seconds: float | None = None
    leak: Leak | None = None

    @property
    def bytes(self) -> float | None:
        """What one user paid both ways."""
        return None if self.sent is None or self.received is None else self.sent + self.received

    @property
    def significant(self) -> bool:
        """Whether the difference from the best run is no luck."""
        return self.chance is not None and self.chance < LUCK


@dataclass(frozen=True)
class Comparison:
    """All rows, the best first, and what could not be compared.

    Attributes
    ----------
    rows
        Of the runs.
    beside
        Of popularity and the best centralised method, if a run was held against them.
    best
        The run with the highest NDCG@10; None if none is finished.
    notes
        Sentences on what is missing.
    """

    rows: list[Row]
    beside: list[Row]
    best: str | None
    notes: list[str]


def compare(
    runs: Sequence[KeptRun],
    data_dir: Path | None = None,
    dataset: Path | None = None,
    columns: str | None = None,
) -> Comparison:
    """Hold runs against the best of them.

    Intervals and tests need each user's ranks, so data and checkpoint are loaded; where that cannot
    be, the rest is there and a note says why.

    Parameters
    ----------
    runs
        Finished or not.
    data_dir
        Where data sets are, if not where they were in training.
    dataset
        The file of all runs, if it is a table of one's own that was moved.
    columns
        How to read it, if not as in training.
    """
    done = sorted((run for run in runs if run.summary), key=_quality, reverse=True)
    notes = [_unfinished(run) for run in runs if not run.summary]
    if len({run.data for run in done}) > 1:
        notes.append(
            "not all runs are of the same data and split: their quality cannot be compared"
        )
    options = {} if columns is None else {"columns": columns}
    found = _results(
        done, lambda run: api.load(run.folder, data_dir, dataset=dataset, options=options), notes
    )
    intervals = {name: each.intervals(AT)["metrics"][DECIDES] for name, each in found.items()}
    less = _differences([run.name for run in done], found, notes)
    chances = holm({name: each.p_randomisation for name, each in less.items()})
    varied = differing(runs)
    rows = [
        Row(
            run.name,
            {name: run.options.get(name) for name in varied},
            run.rounds,
            (run.summary or {}).get("metrics", {}),
            intervals.get(run.name),
            less.get(run.name),
            chances.get(run.name),
            *paid(run),
            leak=run.leak,
        )
        for run in [*done, *(run for run in runs if not run.summary)]
    ]
    return Comparison(rows, _beside(done), done[0].name if done else None, notes)


def holm(chances: dict[str, float]) -> dict[str, float]:
    """Return chances, each corrected for as many tests as there are by Holm's method."""
    corrected, least = {}, 0.0
    for done, name in enumerate(sorted(chances, key=lambda name: chances[name])):
        least = max(least, min(1.0, (len(chances) - done) * chances[name]))
        corrected[name] = least
    return corrected


def paid(run: KeptRun) -> tuple[float | None, float | None, float | None, float | None]:
    """Return `Row.sent` to `Row.seconds` of a run; of one that is not finished, so far."""
    if run.summary:
        bill = run.summary["bill"]
        share = 1 - run.summary["participation_compression_rate"]
        return bill["sent"], bill["received"], share, run.summary["seconds"]
    last = run.lines[-1]
    sent, received = (last.get(f"{name}_per_user") for name in ("sent", "received"))
    return sent and sum(sent.values()), received and sum(received.values()), None, last["seconds"]


def _quality(run: KeptRun) -> float:
    return run.summary["metrics"][DECIDES] if run.summary else 0.0


def _unfinished(run: KeptRun) -> str:
    return (
        f"{run.name} is not finished: {run.rounds:,} of {run.config.rounds:,} rounds, so the test "
        f"item is not ranked yet; continue it with fedras train --resume --out {run.folder}"
    )


def _results(
    runs: Sequence[KeptRun], load: Callable[[KeptRun], Trained], notes: list[str]
) -> dict[str, Results]:
    """Return the ranks of all held-out items by run; adds a note where they cannot be had."""
    found = {}
    for run in runs:
        try:
            found[run.name] = load(run).results()
        except FedrasError as error:
            notes.append(f"{run.name} is without interval and test: {error}")
    return found


def _differences(
    names: Sequence[str], found: dict[str, Results], notes: list[str]
) -> dict[str, Difference]:
    """Return what each run has more than the first; adds a note where they cannot be compared."""
    less: dict[str, Difference] = {}
    for name in names[1:]:
        if name in found and names[0] in found:
            try:
                less[name] = found[name].against(found[names[0]], AT)["metrics"][DECIDES]
            except UsageError as error:
                notes.append(str(error))
    return less


def _beside(runs: Sequence[KeptRun]) -> list[Row]:
    """Return popularity and the best centralised method, of the first run that has them."""
    for run in runs:
        references = references_of(run)
        if references:
            return [Row(name, {}, None, metrics) for name, metrics in references.items()]
    return []


def references_of(run: KeptRun) -> dict[str, dict[str, float]]:
    """Return the metrics of popularity and of the best centralised method, by their titles."""
    every = ((run.summary or {}).get("baselines") or {}).items()
    found = {name: each["metrics"] for name, each in every if "metrics" in each}
    best = sorted(found, key=lambda name: -found[name][DECIDES])[:1]
    names = dict.fromkeys([*best, *(name for name in found if name == POPULARITY)])
    return {title(name): found[name] for name in names}

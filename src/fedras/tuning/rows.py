"""What is known of trials, and which is the best."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fedras.evaluation.metrics import DECIDES
from fedras.tuning.trial import Reached

FINISHED, PRUNED, OUT_OF_TIME, FAILED = "finished", "pruned", "out of time", "failed"
QUALITY = (DECIDES, "hr@10")
_COLUMNS = (*QUALITY, "best_round", "rounds", "up_bytes", "down_bytes", "seconds")


@dataclass(frozen=True)
class Row:
    """A trial that has ended.

    Attributes
    ----------
    trial
        Its number, from 0.
    state
        ``finished``; ``pruned``, where others were better at the same round; ``out of time``; or
        ``failed``.
    options
        What was searched, by option.
    error
        Why it failed.
    metrics
        Of the validation item in its best round.
    best_round, rounds
        That round, counted from 1, and how many were done.
    up_bytes, down_bytes
        What a user sent and received until then, on average over all users; who takes part fetches
        all that was missed.
    seconds
        What all its rounds took.
    """

    trial: int
    state: str
    options: dict[str, Any]
    error: str
    metrics: dict[str, float]
    best_round: int
    rounds: int
    up_bytes: float
    down_bytes: float
    seconds: float

    @classmethod
    def of(
        cls, trial: int, state: str, options: dict[str, Any], seen: Sequence[Reached], error: str
    ) -> "Row":
        """Return the row of a trial that reached all this, round by round."""
        best = max(seen, key=score, default=Reached(0, False, {}, 0.0, 0.0, 0.0))
        rounds, seconds = (seen[-1].round, seen[-1].seconds) if seen else (0, 0.0)
        sizes = best.up, best.down
        return cls(trial, state, options, error, best.metrics, best.round, rounds, *sizes, seconds)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Row":
        """Return the row that `to_json` wrote."""
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return asdict(self)

    def flat(self) -> dict[str, Any]:
        """Return a column per value: what is measured, and the options among it."""
        own = self.to_json()
        measured = {n: self.metrics.get(n) if "@" in n else own[n] for n in _COLUMNS}
        return {"trial": self.trial, "state": self.error or self.state} | self.options | measured


def score(found: Reached | Row) -> float:
    """Return what a round or a trial is judged by; -1 for a trial that failed."""
    return found.metrics.get(DECIDES, -1.0)


def best_of(rows: Sequence[Row]) -> Row | None:
    """Return the row of the best trial, of equal ones the first; None if there is none."""
    known = [row for row in rows if row.metrics]
    return max(known, key=lambda row: (score(row), -row.trial), default=None)


def line(row: Row) -> str:
    """Return a trial in a line for people."""
    quality = [f"{name.upper()} {row.metrics[name]:.4f}" for name in QUALITY if row.metrics]
    where = [f"round {row.best_round} of {row.rounds}"] if row.metrics else []
    state = [] if row.state == FINISHED else [f"{row.state}{': ' if row.error else ''}{row.error}"]
    return "  ".join([f"trial {row.trial}", options_line(row.options), *quality, *where, *state])


def options_line(options: dict[str, Any]) -> str:
    """Return options in a line for people."""
    return " ".join(
        f"{n}={v:.4g}" if isinstance(v, float) else f"{n}={v}" for n, v in options.items()
    )


def searched_in(rows: Sequence[Row]) -> list[str]:
    """Return the options that any of the trials searched."""
    return list(dict.fromkeys(name for row in rows for name in row.options))


def as_csv(rows: Sequence[Row]) -> str:
    """Return a line per trial under one of names."""
    text = io.StringIO()
    names = ["trial", "state", *searched_in(rows), *_COLUMNS]
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.flat() for row in rows)
    return text.getvalue()

"""What a tuning found, for notebooks and programs."""

from typing import Any

from fedras.config import Config
from fedras.run.html import table
from fedras.tuning.rows import best_of, line, score
from fedras.tuning.study import Finished, Tuning

_ELSEWHERE = {"dataset", "data_dir", "threads"}


class Tuned:
    """What did best on the validation item; `fedras.tune` returns one.

    Parameters
    ----------
    tuning
        With its trials done.

    Attributes
    ----------
    best
        The configuration of the best trial, ended in its best round, as `fedras.train` takes it.
    trials
        A row per trial: its options, NDCG@10 and HR@10 of the validation item, rounds and bytes.
        ``pandas.DataFrame(trials)`` is a table of them.
    """

    def __init__(self, tuning: Tuning) -> None:
        self.best: Config = tuning.best
        self._rows = tuning.rows
        self.trials: list[dict[str, Any]] = [row.flat() for row in self._rows]

    @property
    def options(self) -> dict[str, Any]:
        """All options but where the data is: ``fedras.fit(table, **options)`` trains with them."""
        kept = self.best.flat()
        return {n: v for n, v in kept.items() if v is not None and n not in _ELSEWHERE}

    def __repr__(self) -> str:
        best = best_of(self._rows)
        return f"Tuned({len(self._rows)} trials; best: {line(best) if best else 'none'})"

    def _repr_html_(self) -> str:
        ranked = [row.flat() for row in sorted(self._rows, key=score, reverse=True)]
        names = list(dict.fromkeys(name for row in ranked for name in row))
        return table(([row.get(name) for name in names] for row in ranked), names)


def worked_off(tuning: Tuning, progress: bool) -> Tuned:
    """Do the trials that are left, with a line for each if ``progress`` is wanted."""
    for event in tuning.run():
        if progress and isinstance(event, Finished):
            print(line(event.row))
    return Tuned(tuning)

"""A trained federation: what it recommends, how it got there and what it cost."""

from functools import cached_property
from pathlib import Path
from typing import Any

from fedras.config import Config
from fedras.errors import UsageError
from fedras.evaluation.metrics import DECIDES
from fedras.evaluation.results import Results
from fedras.federation.client import held
from fedras.federation.simulator import Simulation
from fedras.run import beside, course
from fedras.run.folder import RunFolder
from fedras.run.html import shown, table
from fedras.run.recommender import Recommender
from fedras.run.run import Run

_COLUMNS = {
    "round": "round",
    "ranked": "ranked",
    "hr@10": "HR@10",
    "ndcg@10": "NDCG@10",
    "uplink_bytes_per_client_round": "bytes up",
    "downlink_bytes_per_client_round": "bytes down",
    "seconds": "seconds",
}
_SHOWN = {
    "dataset": "data",
    "users": "users",
    "items": "items",
    "interactions": "interactions",
    "model": "model",
    "method": "method",
    "rounds": "rounds",
    "hr@10": "HR@10 of 99 others",
    "ndcg@10": "NDCG@10",
    "users_evaluated": "users ranked",
    "items_evaluated": "held-out items ranked",
    "uplink_bytes_per_client_round": "bytes up, a client and round",
    "downlink_bytes_per_client_round": "bytes down",
    "uncompressed_bytes_per_client_round": "uncompressed, each way",
    "wire_compression_rate": "saved",
    "seconds": "seconds",
}


class History(list[dict[str, Any]]):
    """A row per evaluated round: quality, mean bytes so far and seconds; shows the main columns.

    ``pandas.DataFrame(history)``, or that of polars, is a table of all.
    """

    def column(self, name: str) -> list[Any]:
        """Return a column of it, such as ``hr@10``; KeyError if there is none."""
        return [row[name] for row in self]

    def __repr__(self) -> str:
        columns = [
            [label, *map(shown, self.column(name))] for name, label in _COLUMNS.items() if self
        ]
        widths = [max(map(len, cells)) for cells in columns]
        return "\n".join(
            "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
            for row in zip(*columns, strict=True)
        )

    def _repr_html_(self) -> str:
        return table(([row[name] for name in _COLUMNS] for row in self), list(_COLUMNS.values()))


class Summary(dict[str, Any]):
    """What ``summary.json`` says of a run; shows the lines that people look for first."""

    def __repr__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:{width}}  {shown(value)}" for name, value in rows)

    def _repr_html_(self) -> str:
        return table(self._rows())

    def _rows(self) -> list[tuple[str, Any]]:
        known = self | self["metrics"]
        rows = [(label, known[name]) for name, label in _SHOWN.items() if name in known]
        for name, each in beside.rows(self):
            if each is not self:
                rows.append((f"{name}, NDCG@10", each["metrics"][DECIDES]))
        said = [self.get("comparison"), *self["bill"]["text"], *beside.left_out(self)]
        said += self["schedule"]["text"]
        rows += [("in words", text) for text in said if text]
        return rows + [("note", note) for note in self.get("notes", ())]


class Trained(Recommender):
    """A run of which people ask recommendations. `fedras.fit` and `fedras.load` return one.

    Parameters
    ----------
    run
        Between two rounds.
    """

    def __init__(self, run: Run[Simulation]) -> None:
        super().__init__(run.federation.silo, run.federation.interactions)
        self._run = run

    @property
    def config(self) -> Config:
        """All options, with every default filled in."""
        return self._run.config

    @property
    def folder(self) -> Path | None:
        """Where the run is kept, if anywhere."""
        return None if self._run.folder is None else self._run.folder.path

    @property
    def history(self) -> History:
        """A row per evaluated round."""
        return History(map(_summed, self._run.lines))

    @cached_property
    def summary(self) -> Summary:
        """Quality of replicas against sampled items and all, bytes by what they are, rates."""
        kept = None if self._run.folder is None else self._run.folder.summary()
        return Summary(kept or self._run.summary())

    def results(self) -> Results:
        """Return what became of each user's held-out items, with the replicas as they are now."""
        federation = self._run.federation
        name = str(self.folder or self.data.name)
        return federation.evaluation.results(name, federation.model, held(federation.silo))

    def save(self, folder: str | Path) -> Path:
        """Keep the run in a folder, for `fedras.load` and ``fedras recommend``; return the folder.

        Raises
        ------
        UsageError
            If there is something else already; the same run is replaced.
        FedrasError
            If it cannot be written, or another process uses it.
        """
        target = RunFolder(folder)
        if self.folder is not None and self.folder.resolve() == target.path.resolve():
            return target.path
        if not target.has_begun():
            target.create(self.config)
        else:
            target.lock()
        try:
            self._require_same(target)
            self._run.write(target)
            if self._run.finished:
                target.write_summary(self.summary)
        finally:
            target.release()
        return target.path

    def _require_same(self, target: RunFolder) -> None:
        """Raise UsageError if a folder holds another run."""
        kept = target.checkpoint()
        data = None if kept is None else kept.values.get("data")
        other = data not in {None, self._run.federation.fingerprint}
        if other or target.config() != self.config:
            raise UsageError(f"{target.path} holds another run; choose another folder")

    def __repr__(self) -> str:
        ranked = [line for line in self._run.lines if line["ranked"] is not None]
        return "; ".join([super().__repr__()[:-1], *map(course.quality, ranked[-1:])]) + ")"

    def _repr_html_(self) -> str:
        return self.summary._repr_html_()


def _summed(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line of ``metrics.jsonl`` with a number for what it counts by kinds."""
    return {
        name: sum(value.values()) if isinstance(value, dict) else value
        for name, value in line.items()
    }

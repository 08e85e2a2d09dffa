"""How long tasks will take, from how long such runs have taken."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import mean

from fedras.config import Config
from fedras.experiments.store import Store
from fedras.experiments.task import Row, Task
from fedras.experiments.tuning import Choice

_FACTORS = {"losses": 2.0, "compression-time": 0.05, "statistics": 0.0}
_DIM = 32
_FRACTION = 0.1

Kind = tuple[str, str, str]


class Costs:
    """Seconds of one thread, by data set, model and method.

    Parameters
    ----------
    store
        Rows that say what their runs took.
    choices
        What trials took, for kinds of runs that have no rows.
    """

    def __init__(self, store: Store, choices: dict[str, Choice]) -> None:
        self._known: dict[Kind, list[float]] = defaultdict(list)
        self._here: dict[Kind, list[float]] = defaultdict(list)
        for row in store.rows():
            _note(row, self._known)
        for name, choice in choices.items():
            dataset, model, method, *_ = name.split()
            if not self._known.get((dataset, model, method)):
                self._known[dataset, model, method].append(choice.seconds)

    def learn(self, row: Row) -> None:
        """Take note of what a run took here and now, which counts instead of what others took."""
        _note(row, self._here)

    def seconds(self, task: Task) -> float | None:
        """Return how long ``task`` should take, None if nothing like it is known."""
        factor = _FACTORS.get(task.observe, 1.0) * _size(task.config)
        if here := _like(self._here, _kind(task.config)):
            return factor * mean(here)
        like = _like(self._known, _kind(task.config))
        return factor * self._slower() * mean(like) if like else None

    def _slower(self) -> float:
        """Return how much longer runs take here than such runs took before; 1 if nobody knows."""
        both = self._here.keys() & self._known.keys()
        before = sum(mean(self._known[kind]) for kind in both)
        return sum(mean(self._here[kind]) for kind in both) / before if before else 1.0

    def total(self, tasks: Iterable[Task]) -> tuple[float, int]:
        """Return the seconds of all tasks that are known, and how many are not."""
        each = [self.seconds(task) for task in tasks]
        return sum(filter(None, each)), each.count(None)


def _note(row: Row, known: dict[Kind, list[float]]) -> None:
    """Add what a run took, if it was trained to its end."""
    if "history" in row:
        done = Config.model_validate(row["config"])
        known[_kind(done)].append(row["wall_seconds"] / _size(done))


def _like(known: dict[Kind, list[float]], kind: Kind) -> list[float]:
    """Return what runs of a kind took, or those of other methods where there are none."""
    dataset, model, _ = kind
    return known.get(kind) or [
        value
        for (d, m, _), values in known.items()
        if (d, m) == (dataset, model)
        for value in values
    ]


def _kind(config: Config) -> Kind:
    return config.dataset, config.model, config.method


def _size(config: Config) -> float:
    """Return the rounds of usual size that a run is worth."""
    return config.rounds * (config.client_fraction / _FRACTION) * (config.dim / _DIM)

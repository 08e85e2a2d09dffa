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
        for row in store.rows():
            self.learn(row)
        for name, choice in choices.items():
            dataset, model, method, *_ = name.split()
            if not self._known.get((dataset, model, method)):
                self._known[dataset, model, method].append(choice.seconds)

    def learn(self, row: Row) -> None:
        """Take note of what a run took, if it was trained to its end."""
        if "history" in row:
            done = Config.model_validate(row["config"])
            self._known[_kind(done)].append(row["wall_seconds"] / _size(done))

    def seconds(self, task: Task) -> float | None:
        """Return how long ``task`` should take, None if nothing like it is known."""
        dataset, model, method = _kind(task.config)
        like = self._known.get((dataset, model, method)) or [
            value
            for (d, m, _), values in self._known.items()
            if (d, m) == (dataset, model)
            for value in values
        ]
        factor = _FACTORS.get(task.observe, 1.0)
        return factor * mean(like) * _size(task.config) if like else None

    def total(self, tasks: Iterable[Task]) -> tuple[float, int]:
        """Return the seconds of all tasks that are known, and how many are not."""
        each = [self.seconds(task) for task in tasks]
        return sum(filter(None, each)), each.count(None)


def _kind(config: Config) -> Kind:
    return config.dataset, config.model, config.method


def _size(config: Config) -> float:
    """Return the rounds of usual size that a run is worth."""
    return config.rounds * (config.client_fraction / _FRACTION) * (config.dim / _DIM)

"""The contract of a baseline: fitted on everybody's training rows, it scores items for users."""

from abc import ABC, abstractmethod
from typing import ClassVar

from pydantic import BaseModel

from fedras.baselines.rows import Rows
from fedras.config import OPTIONS
from fedras.evaluation.evaluation import Scores
from fedras.registry import Registry


class Baseline(BaseModel, ABC):
    """A centralised method: a frozen set of settings; a subclass registers with ``@BASELINES``.

    Attributes
    ----------
    title
        What tables call it.
    citation
        Where it is described.
    axes
        The values that are worth trying of each setting, ascending. The search begins at the
        defaults, which are among them (`fedras.baselines.search`).
    """

    model_config = OPTIONS
    title: ClassVar[str]
    citation: ClassVar[str]
    axes: ClassVar[dict[str, tuple[float, ...]]] = {}

    @classmethod
    def work(cls, rows: Rows) -> float:
        """Return about how many operations a fit is; the search makes do with `search.BUDGET`."""
        return float(len(rows.columns))

    @abstractmethod
    def fit(self, rows: Rows) -> Scores:
        """Learn from the rows; the same rows give the same scores."""


BASELINES: Registry[Baseline] = Registry("baseline", "baselines")

"""What simple methods reach that see all data in one place: what a federation is held against."""

from fedras.baselines.baseline import BASELINES, Baseline
from fedras.baselines.rows import Rows

__all__ = ["BASELINES", "Baseline", "Rows"]

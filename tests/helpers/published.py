"""Published data, where a test finds it."""

from collections.abc import Callable
from pathlib import Path

Real = Callable[[str], Path]
"""From a data set's folder name to a data directory that has it; skips the test without it."""

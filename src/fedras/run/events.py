"""A run as TensorBoard shows it: event files, by its own package (extra ``tensorboard``)."""

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fedras.errors import UsageError
from fedras.extras import install

FOLDER = "tensorboard"


def require_tensorboard() -> None:
    """Raise UsageError if TensorBoard is missing."""
    if find_spec("tensorboard") is None:
        raise UsageError(f"--log-to tensorboard needs its package; run: {install('tensorboard')}")


class Events:
    """Event files in a folder; a scalar for each number, the round is its step.

    Parameters
    ----------
    folder
        Where they are, beside those of earlier starts.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import (  # noqa: PLC0415 -- optional
            EventFileWriter,
        )

        self._file = EventFileWriter(str(folder))

    def add_line(self, line: dict[str, Any]) -> None:
        """Add a line of ``metrics.jsonl``."""
        values = {_tag(name, line["ranked"]): v for name, v in line.items() if name != "round"}
        self._add(line["round"], values)

    def add_summary(self, summary: dict[str, Any]) -> None:
        """Add the quality on the test item, among sampled items and among all."""
        groups = {"test": summary["metrics"], "test of all": summary["metrics_full"]}
        values = {f"{of}/{name}": v for of, found in groups.items() for name, v in found.items()}
        self._add(summary["rounds"], values)

    def close(self) -> None:
        """Write what is not written yet."""
        self._file.close()

    def _add(self, step: int, values: dict[str, Any]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415
        from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415

        scalars = [
            Summary.Value(tag=tag, simple_value=value)
            for tag, value in values.items()
            if isinstance(value, int | float)
        ]
        event = Event(step=step, wall_time=time.time(), summary=Summary(value=scalars))
        self._file.add_event(event)
        self._file.flush()


def _tag(name: str, ranked: str | None) -> str:
    if "@" in name:
        return f"{ranked}/{name}"
    return f"{'bytes' if 'bytes' in name else 'run'}/{name}"

"""A run as TensorBoard shows it: event files, by its own package (extra ``tensorboard``)."""

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fedras.errors import UsageError
from fedras.extras import install
from fedras.run import scalars

FOLDER = "tensorboard"


def require() -> None:
    """Raise UsageError if TensorBoard is missing."""
    if find_spec("tensorboard") is None:
        raise UsageError(f"--log-to tensorboard needs its package; run: {install('tensorboard')}")


class Log:
    """Event files in the folder of a run; a scalar for each number, the round is its step.

    Parameters
    ----------
    folder
        Of the run; they are in a folder in it, beside those of earlier starts.

    Attributes
    ----------
    new
        Whether there were none.
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import (  # noqa: PLC0415 -- optional
            EventFileWriter,
        )

        self.new = not (folder / FOLDER).exists()
        self._file = EventFileWriter(str(folder / FOLDER))

    def add_line(self, line: dict[str, Any]) -> None:
        """Add a line of ``metrics.jsonl``."""
        self._add(line["round"], scalars.of_line(line))

    def end(self, summary: dict[str, Any]) -> None:
        """Add the quality at the end, and write what is not written yet."""
        self._add(summary["rounds"], scalars.of_summary(summary))
        self._file.close()

    def _add(self, step: int, values: dict[str, float]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event  # noqa: PLC0415
        from tensorboard.compat.proto.summary_pb2 import Summary  # noqa: PLC0415

        found = [Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()]
        event = Event(step=step, wall_time=time.time(), summary=Summary(value=found))
        self._file.add_event(event)
        self._file.flush()

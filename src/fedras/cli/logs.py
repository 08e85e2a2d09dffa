"""What programs read of a run while it goes on: JSON on the standard error, event files."""

import json
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fedras.cli.displays.output import log, log_as_json
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.run import events, tracking

LogFormat = Annotated[
    Literal["text", "json"],
    typer.Option(
        help="What is said beside the results: text, or JSON lines with all evaluated rounds."
    ),
]
LogTo = Annotated[
    Literal["tensorboard", "mlflow"] | None,
    typer.Option(help="Also write evaluated rounds for TensorBoard, or MLflow, to the run."),
]

_MODULES = {"tensorboard": "fedras.run.events", "mlflow": "fedras.run.tracking"}


class Logs:
    """Logs each evaluated round of a run once, and its end.

    Parameters
    ----------
    log_format, log_to
        As they were asked for.

    Raises
    ------
    UsageError
        If what was asked for is missing.
    """

    def __init__(self, log_format: str, log_to: str | None) -> None:
        self.as_json = log_format == "json"
        log_as_json(self.as_json)
        self._to = log_to
        self._kept_by: events.Log | tracking.Log | None = None
        self._said = self._kept = 0
        if log_to is not None:
            _module(log_to).require()

    def open(self, folder: Path | None, lines: int) -> None:
        """Begin with a run that has so many evaluated rounds: those are not said again."""
        self._said = lines
        if self._to is None:
            return
        if folder is None:
            raise UsageError("--log-to writes into the folder of the run: give it as --out")
        self._kept_by = found = _module(self._to).Log(folder)
        self._kept = 0 if found.new else lines

    def follow(self, lines: list[dict[str, Any]]) -> None:
        """Log those of all evaluated rounds that are new."""
        for line in lines[self._said :] if self.as_json else ():
            log("round", **line)
        if self._kept_by:
            for line in lines[self._kept :]:
                self._kept_by.add_line(line)
        self._said = self._kept = max(len(lines), self._said)

    def end(self, summary: dict[str, Any]) -> None:
        """Log the summary, after the last round."""
        if self.as_json:
            log("end", summary=summary)
        if self._kept_by:
            self._kept_by.end(summary)


def _module(log_to: str) -> Any:
    """Return what writes for a program that draws curves; its extra need not be there."""
    return import_module(_MODULES[log_to])


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the evaluated rounds of a run that another process does, none before the first."""
    from fedras.run.folder import METRICS  # noqa: PLC0415 -- slow to import

    try:
        text = (folder / METRICS).read_text("utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines()]

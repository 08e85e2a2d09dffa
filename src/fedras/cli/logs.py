"""What programs read of a run while it goes on: JSON on the standard error, event files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fedras.cli.displays.output import log, log_as_json
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.run.events import Events

LogFormat = Annotated[
    Literal["text", "json"],
    typer.Option(
        help="What is said beside the results: text, or JSON lines with all evaluated rounds."
    ),
]
LogTo = Annotated[
    Literal["tensorboard"] | None,
    typer.Option(help="Also write evaluated rounds for TensorBoard, to tensorboard/ in the run."),
]


class Logs:
    """Logs each evaluated round of a run once, and its end.

    Parameters
    ----------
    log_format, log_to
        As they were asked for.

    Raises
    ------
    UsageError
        If TensorBoard was asked for and is missing.
    """

    def __init__(self, log_format: str, log_to: str | None) -> None:
        from fedras.run.events import require_tensorboard  # noqa: PLC0415 -- not needed for help

        self.as_json = log_format == "json"
        log_as_json(self.as_json)
        self._to = log_to
        self._events: Events | None = None
        self._said = self._kept = 0
        if log_to is not None:
            require_tensorboard()

    def open(self, folder: Path | None, lines: int) -> None:
        """Begin with a run that has so many evaluated rounds: those are not said again."""
        from fedras.run.events import FOLDER, Events  # noqa: PLC0415 -- not needed for help

        self._said = lines
        if self._to is None:
            return
        if folder is None:
            raise UsageError("--log-to writes into the folder of the run: give it as --out")
        place = folder / FOLDER
        self._kept = lines if place.exists() else 0
        self._events = Events(place)

    def follow(self, lines: list[dict[str, Any]]) -> None:
        """Log those of all evaluated rounds that are new."""
        for line in lines[self._said :] if self.as_json else ():
            log("round", **line)
        if self._events:
            for line in lines[self._kept :]:
                self._events.add_line(line)
        self._said = self._kept = max(len(lines), self._said)

    def end(self, summary: dict[str, Any]) -> None:
        """Log the summary, after the last round."""
        if self.as_json:
            log("end", summary=summary)
        if self._events:
            self._events.add_summary(summary)
            self._events.close()


def read_lines(folder: Path) -> list[dict[str, Any]]:
    """Return the evaluated rounds of a run that another process does, none before the first."""
    from fedras.run.folder import METRICS  # noqa: PLC0415 -- slow to import

    try:
        text = (folder / METRICS).read_text("utf-8")
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in text.splitlines()]

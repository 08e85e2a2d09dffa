"""How the commands print."""

import json
import math
import shutil
import sys
import textwrap
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.terminal import console

if TYPE_CHECKING:
    from fedras.data import Interactions

PREPARING = "preparing"

COMPARING = "comparing with popularity and other baselines (once for each data set)"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Folder of data sets (default: $FEDRAS_DATA)."),
]


_JSON = ContextVar("whether what is said is JSON", default=False)


def finite(value: float) -> float:
    """Let an option be any number but NaN and infinity."""
    if not math.isfinite(value):
        raise typer.BadParameter(f"{value} is not a finite number")
    return value


def log_as_json(wanted: bool) -> None:
    """Let `say` write JSON from now on, or text."""
    _JSON.set(wanted)


def log(event: str, **what: Any) -> None:
    """Print a JSON object on a line of the standard error."""
    print(json.dumps({"event": event} | what, ensure_ascii=False), file=sys.stderr, flush=True)


def say(message: str, command: str = "") -> None:
    """Print a line for people, beside the results, and a command that they may want to copy."""
    if _JSON.get():
        log("message", text=message, **({"command": command} if command else {}))
        return
    text = f"fedras: {message}" + (":" if command else "")
    if not sys.stderr.isatty():
        print(f"{text} {command}".rstrip(), file=sys.stderr, flush=True)
        return
    print(filled(text), *filter(None, [command]), sep="\n  ", file=sys.stderr, flush=True)


def echo(text: str, indent: int = 0) -> None:
    """Print a line of results; on a terminal it does not break within words."""
    line = " " * indent + text
    typer.echo(filled(line, indent + 2) if sys.stdout.isatty() else line)


def filled(text: str, indent: int = 2) -> str:
    """Break a line at spaces to the width of the terminal."""
    width = max(20, shutil.get_terminal_size().columns)
    lead = " " * (len(text) - len(text.lstrip()))
    return textwrap.fill(
        text.strip(),
        width,
        initial_indent=lead,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def say_data(data: "Interactions") -> None:
    """Say how the columns of a table were understood, and what there is to note of the data."""
    if data.columns:
        say(f"columns: {data.columns}")
    for note in data.notes:
        say(f"warning: {note}")


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
    """Print a table; the columns numbered in ``right`` are aligned to the right."""
    from rich.table import Table  # noqa: PLC0415 -- not needed for help
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in right else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


def human(size: float) -> str:
    """Return a number of bytes with its unit."""
    from rich import filesize  # noqa: PLC0415 -- not needed for help

    return filesize.decimal(round(size))

"""How the commands print."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from fedras.data import Interactions

PREPARING = "preparing (the first run compiles kernels, once per installation: about half a minute)"

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", metavar="DIR", help="Folder of data sets (default: $FEDRAS_DATA)."),
]


def say(message: str) -> None:
    """Print a line for people, beside the results."""
    print("fedras:", message, file=sys.stderr, flush=True)


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
    from rich.console import Console  # noqa: PLC0415 -- not needed for help
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number in right else "left")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def human(size: float) -> str:
    """Return a number of bytes with its unit."""
    from rich import filesize  # noqa: PLC0415 -- not needed for help

    return filesize.decimal(round(size))

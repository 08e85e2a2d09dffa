"""``fedras audit``: which of a user's items a curious server reads off a few uploads."""

from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedras.cli.displays.output import AsJson, DataDir, echo, print_json, print_table, say
from fedras.cli.options import Columns
from fedras.cli.trained import Moved
from fedras.config import MOST

if TYPE_CHECKING:
    from fedras.audit import Row

_HEAD = [
    "at the",
    "uploads",
    "users",
    "precision",
    "recall",
    "F1",
    "rows alone",
    "steps alone",
    "popular",
]


def audit(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")],
    users: Annotated[
        int,
        typer.Option(
            min=0,
            max=MOST,
            help="How many users are attacked; 0 takes all, or, of many items, fewer.",
        ),
    ] = 0,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Measure what uploads give away: how well a curious server names users' items by them."""
    from fedras.api import load  # noqa: PLC0415 -- slow to import
    from fedras.audit import audit as measure  # noqa: PLC0415
    from fedras.run.folder import AUDIT, RunFolder  # noqa: PLC0415

    options = {} if columns is None else {"columns": columns}
    found = measure(load(folder, data_dir, dataset=dataset, options=options), users)
    RunFolder(folder).write_audit(found.plain())
    say(f"wrote {folder / AUDIT}")
    if as_json:
        print_json(found.plain())
        return
    echo(found.text)
    echo("")
    print_table(_HEAD, [_cells(row) for row in found.rows], right=tuple(range(1, len(_HEAD))))
    echo("")
    echo(
        "means over users; F1 of the best attack, of one that knows only which rows there are, of "
        "one that knows only how they move, and of naming as many of the most popular items. At "
        f"the beginning: the run's own first uploads ({found.repeated} rounds were repeated); at "
        "the end: those that users would send next."
    )


def _cells(row: "Row") -> list[str]:
    when, uploads, users, *shares = astuple(row)
    return [when, f"{uploads}", f"{users:,}", *(f"{share:.3f}" for share in shares)]

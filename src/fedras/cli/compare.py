"""``fedras compare``: runs side by side, with intervals and paired tests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedras.cli.displays.output import AsJson, DataDir, echo, print_json, print_table, say
from fedras.cli.options import Columns
from fedras.cli.trained import Moved
from fedras.errors import UsageError
from fedras.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fedras.pages.comparison import Row

_SPACE = 2  # between columns


def compare(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")],
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Compare runs: quality with intervals, tests against the best, bytes of one user."""
    from fedras.pages import comparison, table, words  # noqa: PLC0415 -- slow to import
    from fedras.pages.kept import read_runs  # noqa: PLC0415

    if as_json and as_csv:
        raise UsageError("give --json or --csv, not both")
    found = comparison.compare(read_runs(folders), data_dir, dataset, columns)
    if as_json:
        print_json({"best": found.best, "rows": table.records(found), "notes": found.notes})
        return
    if as_csv:
        typer.echo(table.csv(found), nl=False)
    for note in found.notes:
        say(f"note: {note}")
    if as_csv:
        return
    _print_rows(table.rows_of(found))
    for line in words.legend(found):
        echo(line)
    echo("")
    for row in found.rows:
        if differing := words.options(row):
            echo(f"{row.name}: {differing}", indent=2)


def _print_rows(rows: "Sequence[Row]") -> None:
    """Print the table, or the differences as one of their own where there is no room beside."""
    from fedras.pages import table  # noqa: PLC0415 -- slow to import

    shown = table.columns_of(rows, table.SHOWN)
    needed = [max(len(text) for text in (c.head, *map(c.text, rows))) + _SPACE for c in shown]
    apart = [column for column in shown if column.head in table.DIFFERENCES]
    rest = [column for column in shown if column not in apart]
    fits = sum(needed) <= console().width
    for columns in [shown] if fits or not apart else [rest, [shown[0], *apart]]:
        cells = [[column.text(row) for column in columns] for row in rows]
        right = tuple(at for at, column in enumerate(columns) if column.value)
        some = [each for each in cells if any(each[1:])]
        print_table([column.head for column in columns], some, right=right)
        echo("")

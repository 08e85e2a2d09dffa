"""``fedras compare``: runs side by side, with intervals and paired tests."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.displays.output import AsJson, DataDir, echo, print_json, print_table, say
from fedras.cli.options import Columns
from fedras.cli.trained import Moved
from fedras.errors import UsageError


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
    rows = table.rows_of(found)
    shown = table.columns_of(rows, table.SHOWN)
    cells = [[column.text(row) for column in shown] for row in rows]
    right = tuple(at for at, column in enumerate(shown) if column.value)
    print_table([column.head for column in shown], cells, right=right)
    echo("")
    for line in words.legend(found):
        echo(line)
    echo("")
    for row in found.rows:
        if differing := words.options(row):
            echo(f"{row.name}: {differing}", indent=2)

"""``fedras report``: a page on one run or several."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.displays.output import DataDir, say
from fedras.cli.options import Columns
from fedras.cli.trained import Moved
from fedras.errors import UsageError

_FORMS = "html, md, svg or png"


def report(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of runs.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="File (default: report.FORMAT).")
    ] = None,
    form: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help=f"{_FORMS} (default: FILE's ending)."),
    ] = None,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
) -> None:
    """Write what runs reached and what they cost as one page that opens anywhere."""
    from fedras.pages.comparison import compare  # noqa: PLC0415 -- slow to import
    from fedras.pages.kept import read_runs  # noqa: PLC0415
    from fedras.pages.report import FORMS, report, require_extra  # noqa: PLC0415
    from fedras.whole_files import write  # noqa: PLC0415

    wanted = form or (out.suffix.lstrip(".").lower() if out else "html")
    if wanted not in FORMS:
        raise UsageError(f"cannot write a report as {wanted or 'a file without ending'}: {_FORMS}")
    require_extra()
    runs = read_runs(folders)
    target = out or Path(f"report.{wanted}")
    found = compare(runs, data_dir, dataset, columns)
    content = report(runs, found, wanted)
    write(target, content)
    say(f"wrote {target} ({len(content) / 1e6:.2f} MB)")

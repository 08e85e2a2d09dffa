"""``fedras reproduce``: the paper's tables and figures, and some that it lacks."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedras.cli.displays.durations import duration
from fedras.cli.displays.output import DataDir, print_table, say
from fedras.config import MOST
from fedras.interrupts import STOPPED, sigterm_interrupts
from fedras.terminal import console

if TYPE_CHECKING:
    from fedras.experiments.reproduction import Reproduction


def reproduce(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="table1, figure2, ..., tuning or all.")
    ],
    only: Annotated[
        str, typer.Option(metavar="KEY=VALUE,...", help="Only these runs, such as dataset=ml-100k.")
    ] = "",
    seeds: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Seeds of each run (default: see the experiment)."),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, max=MOST, help="Rounds of each run (default: 500).")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of results.")] = Path("results"),
    into: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE.md",
            exists=True,
            dir_okay=False,
            help="Put the tables between this document's marks NAME and end.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=4096, help="Runs at a time (default: the processors).")
    ] = None,
    data_dir: DataDir = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and how long it would take.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Run what is left of tables and figures and write them below --out.

    Finished runs are kept, so the same command continues whatever stopped it; a run that several
    tables need is done once.
    """
    from fedras.experiments.experiment import parse_only  # noqa: PLC0415 -- slow to import
    from fedras.experiments.reproduction import Reproduction  # noqa: PLC0415

    request = Reproduction(
        names, out, parse_only(only), seeds, rounds, data_dir, workers or os.cpu_count() or 1
    )
    if dry_run:
        _print_plan(request)
    else:
        _work_off(request, into or [], quiet)


def _print_plan(request: "Reproduction") -> None:
    from fedras.experiments.costs import Costs  # noqa: PLC0415

    costs = Costs(request.store, request.choices())
    whole, unknown = 0.0, 0
    for name, tasks in request.stages():
        seconds, open_ = costs.total(tasks)
        whole, unknown = whole + seconds, unknown + open_
        rows = [[str(task), _estimate(costs.seconds(task))] for task in tasks]
        if rows:
            print_table([f"{name}: {len(rows)} runs", duration(seconds)], rows, right=(1,))
            typer.echo()
    typer.echo(
        f"{duration(whole)} of one core, {duration(whole / request.workers)} with "
        f"{request.workers} at a time" + (f"; {unknown} runs not counted" if unknown else "")
    )


def _estimate(seconds: float | None) -> str:

    return "?" if seconds is None else duration(seconds)


def _work_off(request: "Reproduction", documents: list[Path], quiet: bool) -> None:
    from fedras.cli.displays.reproduction import watched  # noqa: PLC0415 -- slow to import
    from fedras.experiments.reproduction import Written  # noqa: PLC0415
    from fedras.report.document import write_document  # noqa: PLC0415
    from fedras.report.figures import require_matplotlib  # noqa: PLC0415
    from fedras.report.sections import replace_section  # noqa: PLC0415

    if any(each.figure for each in request.reports):
        require_matplotlib()
    tables = []
    try:
        with (
            sigterm_interrupts(),
            closing(request.run()) as events,
            watched(request, quiet) as show,
        ):
            for event in events:
                show(event)
                if isinstance(event, Written):
                    name, title = event.experiment.name, event.experiment.title
                    table = write_document(event.experiment, event.found, request.store)
                    tables.append(f"# {title}\n\n{table}")
                    for document in documents:
                        image = _image(request.out / name / "figure.svg", title, document)
                        replace_section(document, name, table + image)
                    say(f"wrote {request.out / name}")
    except KeyboardInterrupt:
        say("stopped; finished runs are kept, and the same command does the rest")
        raise typer.Exit(STOPPED) from None
    if not quiet and sys.stdout.isatty():
        _show(tables)


def _show(tables: list[str]) -> None:
    """Print tables in Markdown as a terminal shows them."""
    from rich.markdown import Markdown  # noqa: PLC0415 -- not needed for help

    for table in tables:
        console().print(Markdown(table))


def _image(figure: Path, title: str, document: Path) -> str:
    """Return the line that shows a figure in a document, if there is one."""
    if not figure.exists():
        return ""
    return f"\n![{title}]({Path(os.path.relpath(figure, document.parent)).as_posix()})\n"

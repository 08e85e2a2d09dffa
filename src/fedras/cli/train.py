"""``fedras train``: the main job."""

import shlex
from contextlib import closing
from typing import TYPE_CHECKING, Any

import typer

from fedras.cli.displays.output import print_json, say, say_data
from fedras.cli.logs import LogFormat, Logs, LogTo
from fedras.cli.options import Out, Quiet, Resume, SummaryAsJson, run_folder, with_config
from fedras.cli.summary import print_summary, say_comparison
from fedras.cli.uncompressed import WithUncompressed
from fedras.cli.uncompressed import with_uncompressed as add_uncompressed
from fedras.config import Config
from fedras.interrupts import STOPPED, sigterm_interrupts

if TYPE_CHECKING:
    from fedras.federation.simulator import Simulation
    from fedras.run.folder import RunFolder
    from fedras.run.run import Run


@with_config
def train(
    config: Config,
    out: Out = None,
    resume: Resume = False,
    with_uncompressed: WithUncompressed = False,
    as_json: SummaryAsJson = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    log_to: LogTo = None,
) -> None:
    """Train a federation and measure what it costs and how well it recommends.

    Without options: FedRAS on MovieLens 100K. Flags win over --set, --set over --config.
    """
    logs = Logs(log_format, log_to)
    quiet |= logs.as_json
    folder = None if out is None and resume else run_folder(out, config)
    run: Run[Simulation] | None = None
    try:
        with sigterm_interrupts():
            run = _open(config, folder, resume, quiet)
            summary = _work_off(run, quiet, logs)
            if with_uncompressed:
                data = run.federation.interactions
                summary = add_uncompressed(summary, run.folder, run.config, data, quiet)
    except KeyboardInterrupt:
        say(*_stopped(run))
        raise typer.Exit(STOPPED) from None
    say_comparison(summary)
    logs.end(summary)
    if as_json:
        print_json(summary)
    else:
        place, somebody = _quoted(run), str(run.federation.interactions.user_ids[0])
        print_summary(summary, place, place, shlex.quote(somebody))


def _open(
    config: Config, folder: "RunFolder | None", resume: bool, quiet: bool
) -> "Run[Simulation]":
    from fedras.cli.displays.training import loading  # noqa: PLC0415 -- slow to import
    from fedras.run.training import open_run  # noqa: PLC0415

    with loading("the run" if resume else config.dataset, quiet):
        run = open_run(config, folder, resume)
    say_data(run.federation.interactions)
    if folder is not None and run.finished:
        say(f"the run in {folder.path} is finished")
    return run


def _work_off(run: "Run[Simulation]", quiet: bool, logs: Logs) -> dict[str, Any]:
    """Run all rounds that are left and return the summary."""
    from fedras.cli.displays.training import watched  # noqa: PLC0415 -- slow to import

    logs.open(run.folder.path if run.folder else None, len(run.lines))
    with closing(run.rounds()) as rounds, watched(run, quiet) as show:
        for result in rounds:
            show(result)
            logs.follow(run.lines)
    summary = run.folder.summary() if run.folder else None
    return summary or run.summary()


def _stopped(run: "Run[Simulation] | None") -> tuple[str, ...]:
    if run is None:
        return ("stopped before the first round",)
    command = f"fedras train --resume --out {_quoted(run)}"
    return f"stopped after round {run.saved}; continue with", command


def _quoted(run: "Run[Simulation]") -> str:
    return shlex.quote(str(run.folder.path)) if run.folder else ""

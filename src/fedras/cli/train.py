"""``fedras train``: the main job."""

import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from fedras.cli.options import (
    Actions,
    CompressionRate,
    ConfigFile,
    Dataset,
    ErrorFeedback,
    Method,
    Model,
    Out,
    Quiet,
    Resume,
    Rounds,
    Seed,
    Settings,
    SummaryAsJson,
    Threads,
    given_config,
    next_folder,
)
from fedras.cli.output import DataDir, print_json, say
from fedras.cli.report import print_report
from fedras.interrupts import sigterm_interrupts

if TYPE_CHECKING:
    from fedras.config import Config
    from fedras.federation.simulator import Simulation
    from fedras.run.run import Run


def train(
    dataset: Dataset = None,
    model: Model = None,
    method: Method = None,
    compression_rate: CompressionRate = None,
    actions: Actions = None,
    error_feedback: ErrorFeedback = False,
    rounds: Rounds = None,
    seed: Seed = None,
    threads: Threads = None,
    out: Out = None,
    config: ConfigFile = None,
    settings: Settings = None,
    data_dir: DataDir = None,
    resume: Resume = False,
    as_json: SummaryAsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train a federation and measure what it costs and how well it recommends.

    Without options: FedRAS on MovieLens 100K. Flags win over --set, --set over --config.
    """
    given = given_config(
        config,
        settings,
        dataset=dataset,
        model=model,
        method=method,
        compression_rate=compression_rate,
        actions=actions,
        error_feedback=error_feedback or None,
        rounds=rounds,
        seed=seed,
        threads=threads,
        data_dir=data_dir,
    )
    if out is None and not resume:
        out = next_folder(given)
    run: Run[Simulation] | None = None
    try:
        with sigterm_interrupts():
            run = _open(given, out, resume, quiet)
            summary = _work_off(run, quiet)
    except KeyboardInterrupt:
        say(_stopped(run))
        raise typer.Exit(130) from None
    if as_json:
        print_json(summary)
    else:
        print_report(
            summary, _quoted(run), shlex.quote(str(run.federation.interactions.user_ids[0]))
        )


def _open(config: "Config", out: Path | None, resume: bool, quiet: bool) -> "Run[Simulation]":
    from fedras.cli.progress import loading  # noqa: PLC0415 -- slow to import
    from fedras.run.training import open_run  # noqa: PLC0415

    with loading("the run" if resume else config.dataset, quiet):
        run = open_run(config, out, resume)
    for note in run.federation.interactions.notes:
        say(f"warning: {note}")
    if run.finished:
        say(f"the run in {out} is finished")
    return run


def _work_off(run: "Run[Simulation]", quiet: bool) -> dict[str, Any]:
    """Run all rounds that are left and return the summary."""
    from fedras.cli.progress import progress  # noqa: PLC0415 -- slow to import

    with closing(run.rounds()) as rounds, progress(run, quiet) as show:
        for result in rounds:
            show(result)
    summary = run.folder.summary() if run.folder else None
    return summary or run.summary()


def _stopped(run: "Run[Simulation] | None") -> str:
    if run is None:
        return "stopped before the first round"
    command = f"fedras train --resume --out {_quoted(run)}"
    return f"stopped after round {run.saved}; continue with: {command}"


def _quoted(run: "Run[Simulation]") -> str:
    return shlex.quote(str(run.folder.path)) if run.folder else ""

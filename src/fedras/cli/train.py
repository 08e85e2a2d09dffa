"""``fedras train``: the main job."""

import itertools
import shlex
import tomllib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.cli.output import DataDir, print_json, say
from fedras.cli.report import print_report
from fedras.errors import UsageError
from fedras.interrupts import sigterm_interrupts

if TYPE_CHECKING:
    from fedras.config import Config
    from fedras.training import Run


def train(
    dataset: Annotated[
        str | None,
        typer.Option(
            help="Data set, or the path of a CSV, TSV or Parquet file (default: ml-100k)."
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Base model (default: mf).")] = None,
    method: Annotated[str | None, typer.Option(help="Method (default: fedras).")] = None,
    compression_rate: Annotated[
        float | None,
        typer.Option(help="The paper's CR, at least 0 and less than 1 (default: 0.9688)."),
    ] = None,
    actions: Annotated[
        int | None, typer.Option(help="A number of actions instead of a rate (FedRAS only).")
    ] = None,
    error_feedback: Annotated[
        bool, typer.Option("--error-feedback", help="The server resends what coding lost.")
    ] = False,
    rounds: Annotated[int | None, typer.Option(help="Global rounds (default: 500).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of all random choices (default: 0).")] = None,
    threads: Annotated[int | None, typer.Option(help="0 is all (default: 0).")] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the run (default: a new one in runs/)."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="Options in a file.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other option; more than one --set."),
    ] = None,
    data_dir: DataDir = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False,
) -> None:
    """Train a federation and measure what it costs and how well it recommends.

    Without options: FedRAS on MovieLens 100K. Flags win over --set, --set over --config.
    """
    flags = {
        "dataset": dataset,
        "model": model,
        "method": method,
        "compression_rate": compression_rate,
        "actions": actions,
        "error_feedback": error_feedback or None,
        "rounds": rounds,
        "seed": seed,
        "threads": threads,
        "data_dir": data_dir,
    }
    chosen = {name: value for name, value in flags.items() if value is not None}
    given = _config(_from_file(config) | dict(map(_setting, settings or [])) | chosen)
    if out is None and not resume:
        out = _next_folder(given)
    run: Run | None = None
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
            summary, _quoted(run), shlex.quote(str(run.simulation.interactions.user_ids[0]))
        )


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from fedras.config import read_config  # noqa: PLC0415 -- slow to import

    given = read_config(path)
    options = given.pop("options", {})
    if not isinstance(options, dict):
        raise UsageError(f"{path}: options is not a table")
    return options | given


def _setting(text: str) -> tuple[str, Any]:
    """Read ``key=value``, where the value is TOML, or text if it is not."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--set {text}: expected KEY=VALUE")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except ValueError:
        return name.strip(), value
    return name.strip(), parsed["value"] if len(parsed) == 1 else value


def _config(given: dict[str, Any]) -> "Config":
    from pydantic import ValidationError  # noqa: PLC0415 -- slow to import

    from fedras.config import Config, explain  # noqa: PLC0415

    try:
        return Config.model_validate(given)
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def _next_folder(config: "Config") -> Path:
    data = Path(config.dataset)
    name = f"{data.stem if data.suffix else data.name}-{config.model}-{config.method}"
    folders = (Path("runs", f"{name}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if not folder.exists())


def _open(config: "Config", out: Path | None, resume: bool, quiet: bool) -> "Run":
    from fedras.cli.progress import loading  # noqa: PLC0415 -- slow to import
    from fedras.training import Run  # noqa: PLC0415

    with loading("the run" if resume else config.dataset, quiet):
        run = Run(config, out, resume)
    for note in run.simulation.interactions.notes:
        say(f"warning: {note}")
    if run.finished:
        say(f"the run in {out} is finished")
    return run


def _work_off(run: "Run", quiet: bool) -> dict[str, Any]:
    """Run all rounds that are left and return the summary."""
    from fedras.cli.progress import progress  # noqa: PLC0415 -- slow to import

    with closing(run.rounds()) as rounds, progress(run, quiet) as show:
        for result in rounds:
            show(result)
    summary = run.folder.summary() if run.folder else None
    return summary or run.summary()


def _stopped(run: "Run | None") -> str:
    if run is None:
        return "stopped before the first round"
    command = f"fedras train --resume --out {_quoted(run)}"
    return f"stopped after round {run.saved}; continue with: {command}"


def _quoted(run: "Run") -> str:
    return shlex.quote(str(run.folder.path)) if run.folder else ""

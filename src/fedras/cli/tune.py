"""``fedras tune``: the options that do best on the validation item."""

import re
import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedras.cli.displays.output import AsJson, echo, human, print_json, print_table, say, say_data
from fedras.cli.options import Quiet, run_name, with_config
from fedras.config import Config
from fedras.errors import UsageError
from fedras.interrupts import STOPPED, sigterm_interrupts

if TYPE_CHECKING:
    from fedras.tuning.folder import TuningFolder
    from fedras.tuning.study import Tuning

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_TIME = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(s|m|h|d)?")
_SHOWN = 10


@with_config
def tune(
    config: Config,
    trials: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="Trials in all (default: 40; to resume: as before)."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="30m", help="Begin no trial after so many s, m, h or d from now."),
    ] = None,
    jobs: Annotated[
        int, typer.Option(min=1, max=1024, help="Trials at a time, a process each.")
    ] = 1,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OPTION=LOW..HIGH|A,B",
            help="Search this, too, or instead of its usual range; more than one --search.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the tuning (default: a new one in runs/)."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the tuning in --out.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Find the options that do best on the validation item, and write a config for train.

    What is given stays as it is; what models and methods declare to be searched is searched. The
    test item is neither trained on nor looked at.
    """
    from fedras.tuning.space import parse  # noqa: PLC0415 -- slow to import
    from fedras.tuning.start import open_tuning  # noqa: PLC0415

    if resume and out is None:
        raise UsageError("to resume a tuning, say which: give its folder as --out")
    seconds = None if time is None else _seconds(time)
    wanted = [parse(text) for text in search or []]
    for name, _ in wanted:
        if [other for other, _ in wanted].count(name) > 1:
            raise UsageError(f"--search {name} is given twice")
    folder = _folder(out, config)
    tuning: Tuning | None = None
    try:
        with sigterm_interrupts():
            tuning = open_tuning(config, dict(wanted), trials, jobs, seconds, folder, resume)
            say_data(tuning.data)
            _work_off(tuning, quiet)
    except KeyboardInterrupt:
        say(*_stopped(tuning, folder, jobs))
        raise typer.Exit(STOPPED) from None
    best = folder.path / "config.toml"
    if as_json:
        rows = [row.flat() for row in tuning.rows]
        print_json({"best": tuning.best.flat(), "config": str(best), "trials": rows})
    else:
        _print(tuning, f"fedras train --config {shlex.quote(str(best))}")


def _work_off(tuning: "Tuning", quiet: bool) -> None:
    from fedras.cli.displays.tuning import watched  # noqa: PLC0415 -- slow to import

    with closing(tuning.run()) as events, watched(tuning, quiet) as show:
        for event in events:
            show(event)


def _print(tuning: "Tuning", command: str) -> None:
    from fedras.tuning.rows import QUALITY, score, searched_in  # noqa: PLC0415

    rounds = tuning.best.rounds
    ranked = sorted(tuning.rows, key=score, reverse=True)
    names = searched_in(ranked)
    measured = [*(name.upper() for name in QUALITY), "round", "up", "down"]
    columns = ["trial", *(name.replace("_", " ") for name in names), *measured]
    rows = [
        [
            str(row.trial),
            *(_shown(row.options.get(name)) for name in names),
            *(f"{row.metrics[each]:.4f}" if row.metrics else "" for each in QUALITY),
            f"{row.best_round}/{row.rounds}" if row.metrics else row.state,
            human(row.up_bytes),
            human(row.down_bytes),
        ]
        for row in ranked[:_SHOWN]
    ]
    print_table(columns, rows, right=tuple(range(len(columns))))
    echo("")
    echo("validation item, in the best of the rounds done; up and down: bytes of a user until then")
    usual = next((row for row in ranked if row.trial == 0 and row.metrics), None)
    if usual is not None:
        before, after = score(usual), score(ranked[0])
        echo(f"NDCG@10 {before:.4f} with the options as they were, {after:.4f} with the best")
    typer.echo(f"train with the best, {rounds} rounds: {command}")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _stopped(tuning: "Tuning | None", folder: "TuningFolder", jobs: int) -> tuple[str, ...]:
    if tuning is None:
        return ("stopped before the first trial",)
    out = shlex.quote(str(folder.path))
    with_jobs = f" --jobs {jobs}" if jobs > 1 else ""
    done = f"stopped after {len(tuning.rows)} of {tuning.trials} trials; continue with"
    return done, f"fedras tune --resume --out {out}{with_jobs}"


def _seconds(text: str) -> float:
    found = _TIME.fullmatch(text.strip())
    seconds = float(found[1]) * _UNITS[found[2] or ""] if found else 0.0
    if not seconds:
        raise UsageError(f"--time {text}: expected a time such as 90s, 30m or 2h")
    return seconds


def _folder(out: Path | None, config: Config) -> "TuningFolder":
    from fedras.tuning.folder import TuningFolder  # noqa: PLC0415 -- slow to import

    if out is not None:
        return TuningFolder(out)
    return TuningFolder(Path("runs", f"tuned-{run_name(config)}"), numbered=True)

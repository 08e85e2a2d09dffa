"""``fedras evaluate``: how well a run ranks, how sure that is, and whether another does better."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from fedras.cli.displays.output import AsJson, DataDir, echo, print_json, print_table, say
from fedras.cli.options import Columns
from fedras.cli.rows import require_writable, write_rows
from fedras.cli.trained import Moved
from fedras.complaints import explain
from fedras.config import Config
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.evaluation.results import Results
    from fedras.evaluation.significance import Difference, Interval
    from fedras.run.trained import Trained

_RANKINGS = {"metrics": "sampled", "metrics_full": "all items"}


def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the run.")],
    against: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Another run on the same data, to compare with."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(metavar="N,N,...", help="Cut-offs k of the metrics (default: the run's)."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="FILE", help="Write a row per held-out item: .csv, .jsonl, .parquet."
        ),
    ] = None,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Rank the held-out items again: metrics with 95 % intervals, by user, against another run."""
    if out is not None:
        require_writable(out)
    cutoffs = None if at is None else _cutoffs(at)
    options = {} if columns is None else {"columns": columns}
    trained = _load(folder, data_dir, dataset, options)
    cutoffs = cutoffs or trained.config.at
    results = trained.results()
    found: dict[str, Any] = {
        "rounds": trained.silo.version,
        "users_evaluated": len(results.counts),
        "items_evaluated": len(results.items),
    }
    intervals = results.intervals(cutoffs)
    found |= {ranking: _plain(each) for ranking, each in intervals.items()}
    found["recommended"] = results.recommended
    differences = None
    if against is not None:
        other = _load(against, data_dir, dataset, options).results()
        differences = results.against(other, cutoffs)
        plain = {ranking: _plain(each) for ranking, each in differences.items()}
        found["against"] = {"run": str(against), **plain}
    if out is not None:
        write_rows(out, results.columns(cutoffs), results.rows(cutoffs))
        say(f"wrote {out}")
    if as_json:
        print_json(found)
        return
    _print_intervals(results, intervals)
    if differences is not None:
        _print_differences(f"{folder} less {against}", differences)


def _load(
    folder: Path, data_dir: Path | None, dataset: Path | None, options: dict[str, str]
) -> "Trained":
    from fedras.api import load  # noqa: PLC0415 -- slow to import

    return load(folder, data_dir, dataset=dataset, options=options)


def _cutoffs(text: str) -> tuple[int, ...]:
    try:
        return Config.model_validate({"at": text}).at
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def _plain(found: "dict[str, Interval] | dict[str, Difference]") -> dict[str, dict[str, float]]:
    return {name: each._asdict() for name, each in found.items()}


def _print_intervals(results: "Results", found: "dict[str, dict[str, Interval]]") -> None:
    echo(
        f"{len(results.items):,} held-out items of {len(results.counts):,} users; in brackets what "
        f"95 % of bootstrap resamples of the users lie between"
    )
    echo("")
    rows = []
    for name in found["metrics"]:
        row = [name.upper()]
        for ranking in _RANKINGS:
            value, low, high = found[ranking][name]
            row += [f"{value:.4f}", f"[{low:.4f}, {high:.4f}]"]
        rows.append(row)
    print_table(["", "sampled", "", "all items", ""], rows, right=(1, 3))


def _print_differences(title: str, found: "dict[str, dict[str, Difference]]") -> None:
    echo("")
    echo(f"{title}, in pairs by user; p by randomisation and by bootstrap")
    echo("")
    rows = [
        [
            f"{name.upper()}, {label}",
            f"{each.value:+.4f}",
            f"[{each.low:+.4f}, {each.high:+.4f}]",
            f"{each.p_randomisation:.4f}",
            f"{each.p_bootstrap:.4f}",
        ]
        for ranking, label in _RANKINGS.items()
        for name, each in found[ranking].items()
    ]
    print_table(["", "difference", "", "p", "p"], rows, right=(1, 3, 4))

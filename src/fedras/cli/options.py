"""The options that `train` and `federate` have in common, and what they make of them."""

import itertools
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.config import Config

Dataset = Annotated[
    str | None,
    typer.Option(help="Data set, or the path of a table of your own (default: ml-100k)."),
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="user=NAME,...", help="Columns of a table: user, item, rating, time."),
]
Items = Annotated[
    str | None, typer.Option(metavar="FILE", help="Titles of the items of a table of your own.")
]
ItemColumns = Annotated[
    str | None,
    typer.Option(metavar="item=NAME,title=NAME", help="Columns of --items."),
]
Model = Annotated[str | None, typer.Option(help="Base model (default: mf).")]
Method = Annotated[str | None, typer.Option(help="Method (default: fedras).")]
CompressionRate = Annotated[
    float | None,
    typer.Option(help="The paper's CR, at least 0 and less than 1 (default: 0.9688)."),
]
Actions = Annotated[
    int | None, typer.Option(help="A number of actions instead of a rate (FedRAS only).")
]
ErrorFeedback = Annotated[
    bool, typer.Option("--error-feedback", help="The server resends what coding lost.")
]
Rounds = Annotated[int | None, typer.Option(help="Global rounds (default: 500).")]
Seed = Annotated[int | None, typer.Option(help="Of all random choices (default: 0).")]
Threads = Annotated[int | None, typer.Option(help="0 is all (default: 0).")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of the run (default: a new one in runs/)."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE.toml", help="Options in a file.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any other option; more than one --set."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")]
SummaryAsJson = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]


def given_config(path: Path | None, settings: list[str] | None, **flags: Any) -> "Config":
    """Return the configuration that was asked for: flags win over --set, --set over the file.

    Raises
    ------
    UsageError
        If it cannot be meant.
    """
    chosen = {name: value for name, value in flags.items() if value is not None}
    return _config(_from_file(path) | dict(map(setting, settings or [])) | chosen)


def data_options(settings: list[str] | None, **flags: str | None) -> dict[str, Any]:
    """Return the options of a data set that were asked for; flags win over --set."""
    chosen = {name: value for name, value in flags.items() if value is not None}
    return dict(map(setting, settings or [])) | chosen


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    from fedras.config import read_config  # noqa: PLC0415 -- slow to import

    given = read_config(path)
    options = given.pop("options", {})
    if not isinstance(options, dict):
        raise UsageError(f"{path}: options is not a table")
    return options | given


def setting(text: str) -> tuple[str, Any]:
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


def next_folder(config: "Config") -> Path:
    """Return the first folder in ``runs/`` that is free for this configuration."""
    data = Path(config.dataset)
    name = f"{data.stem if data.suffix else data.name}-{config.model}-{config.method}"
    folders = (Path("runs", f"{name}-{n}") for n in itertools.count(1))
    return next(folder for folder in folders if not folder.exists())

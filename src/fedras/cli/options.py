"""The options of a run, for every command that starts one: written once, in `Config`."""

import inspect
import tomllib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_origin

import typer
from pydantic import ValidationError

from fedras.cli.displays.output import DataDir
from fedras.config import Config, explain, read_config
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.run.folder import RunFolder

Columns = Annotated[
    str | None,
    typer.Option(metavar="user=NAME,...", help="Columns of a table: user, item, rating, time."),
]
Items = Annotated[
    str | None, typer.Option(metavar="FILE", help="Titles of the items of a table of your own.")
]
ItemColumns = Annotated[
    str | None, typer.Option(metavar="item=NAME,title=NAME", help="Columns of --items.")
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of the run (default: a new one in runs/)."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Continue the run in --out.")]
SummaryAsJson = Annotated[
    bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]

_KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD
_FLAGS = (
    "dataset",
    "model",
    "method",
    "compression_rate",
    "error_feedback",
    "rounds",
    "seed",
    "at",
    "threads",
)


def with_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` the options of a run; what they come to is its argument ``config``.

    Flags win over --set, --set over --config. Typer makes the options of the signature.
    """
    shared = [_argument(), *map(_flag, _FLAGS), *_others()]
    own = [p for p in inspect.signature(command).parameters.values() if p.name != "config"]

    @wraps(command)
    def configured(**given: Any) -> None:
        flags = {parameter.name: given.pop(parameter.name) for parameter in shared}
        command(config=_given_config(**flags), **given)

    parameters = shared + own
    configured.__dict__["__signature__"] = inspect.Signature(parameters)
    configured.__annotations__ = {each.name: each.annotation for each in parameters}
    return configured


def _argument() -> inspect.Parameter:
    return _parameter(
        "named", str, typer.Argument(metavar="[DATASET]", help="The same as --dataset.")
    )


def _flag(name: str) -> inspect.Parameter:
    """Return the flag of an option of `Config`, with its description and its default."""
    kind, metavar = Config.model_fields[name].annotation, None
    if get_origin(kind) is tuple:
        kind, metavar = str, "N,N,..."
    flag = f"--{name.replace('_', '-')}"
    return _parameter(name, kind, typer.Option(flag, metavar=metavar, help=_help(name)))


def _others() -> list[inspect.Parameter]:
    """Return the flags that stand for no option of `Config`, or not for just one."""
    actions = "A number of actions instead of a rate (FedRAS and its ablations)."
    return [
        inspect.Parameter("columns", _KIND, default=None, annotation=Columns),
        inspect.Parameter("items", _KIND, default=None, annotation=Items),
        inspect.Parameter("item_columns", _KIND, default=None, annotation=ItemColumns),
        _parameter("actions", int, typer.Option(min=1, help=actions)),
        inspect.Parameter("data_dir", _KIND, default=None, annotation=DataDir),
        _parameter(
            "file", Path, typer.Option("--config", metavar="FILE.toml", help="Options in a file.")
        ),
        _parameter(
            "settings",
            list[str],
            typer.Option(
                "--set", metavar="KEY=VALUE", help="Any other option; more than one --set."
            ),
        ),
    ]


def _parameter(name: str, kind: Any, info: Any) -> inspect.Parameter:
    return inspect.Parameter(name, _KIND, default=None, annotation=Annotated[kind | None, info])


def _help(name: str) -> str:
    field = Config.model_fields[name]
    text = f"{(field.description or '')[:1].upper()}{(field.description or '')[1:]}"
    default = field.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return f"{text}." if field.annotation is bool else f"{text} (default: {default})."


def _given_config(
    named: str | None, file: Path | None, settings: list[str] | None, **flags: Any
) -> Config:
    """Return the configuration that was asked for.

    Raises
    ------
    UsageError
        If it cannot be meant.
    """
    chosen = {name: value for name, value in flags.items() if value is not None}
    if named is not None:
        if "dataset" in chosen:
            raise UsageError(f"give one data set, {named} or --dataset {chosen['dataset']}")
        chosen["dataset"] = named
    if {"actions", "compression_rate"} <= chosen.keys():
        raise UsageError("--actions takes the place of --compression-rate: give one of them")
    given = _from_file(file) | dict(map(setting, settings or [])) | chosen
    try:
        return Config.model_validate(given)
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def data_options(settings: list[str] | None, **flags: str | None) -> dict[str, Any]:
    """Return the options of a data set that were asked for; flags win over --set."""
    chosen = {name: value for name, value in flags.items() if value is not None}
    return dict(map(setting, settings or [])) | chosen


def _from_file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    given = read_config(path)
    options = given.pop("options", {})
    if not isinstance(options, dict):
        raise UsageError(f"{path}: options is not a table")
    return options | given


def setting(text: str) -> tuple[str, Any]:
    """Read ``key=value``, where the value is TOML, or text if it is not.

    Raises
    ------
    UsageError
        If it is something else.
    """
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise UsageError(f"--set {text}: expected KEY=VALUE")
    try:
        parsed = tomllib.loads(f"value = {value}")
    except ValueError:
        return name.strip(), value
    except RecursionError:
        raise UsageError(f"--set {name.strip()}: nested too deeply; no option is") from None
    return name.strip(), parsed["value"] if len(parsed) == 1 else value


def run_folder(out: Path | None, config: Config) -> "RunFolder":
    """Return the folder of a run: by default the next in ``runs/`` when it is created."""
    from fedras.run.folder import RunFolder  # noqa: PLC0415 -- slow to import

    if out is not None:
        return RunFolder(out)
    data = Path(config.dataset)
    name = f"{data.stem if data.suffix else data.name}-{config.model}-{config.method}"
    return RunFolder(Path("runs", name), numbered=True)

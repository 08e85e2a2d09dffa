"""The options of a run and of a data set, for every command that takes them: written once."""

import inspect
import tomllib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_origin

import typer
from pydantic import ValidationError

from fedras.cli.displays.output import DataDir
from fedras.complaints import explain
from fedras.config import Config, read_config
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

_BY_BYTES = "directions"
"""The method that takes a number of bytes."""

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


class Named(NamedTuple):
    """A data set as it was asked for: what the functions of `fedras.data` take."""

    name: str
    data_dir: Path | None
    options: dict[str, Any]


def with_config(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` the options of a run; what they come to is its argument ``config``.

    Flags win over --set, --set over --config.
    """
    shared = [_argument(), *map(_flag, _FLAGS), *_others()]
    return _gathering(command, "config", shared, _given_config)


def with_dataset(command: Callable[..., None]) -> Callable[..., None]:
    """Give ``command`` the options of a data set; they come to its argument ``dataset``, `Named`.

    Flags win over --set.
    """
    name = typer.Argument(metavar="NAME", help="A data set, or the path of a table.")
    option = typer.Option(
        "--set", metavar="KEY=VALUE", help="An option of the data set; more than one."
    )
    shared = [
        inspect.Parameter("name", _KIND, annotation=Annotated[str, name]),
        *_of_tables(),
        _parameter("settings", list[str], option),
        inspect.Parameter("data_dir", _KIND, default=None, annotation=DataDir),
    ]
    return _gathering(command, "dataset", shared, _given_dataset)


def _gathering(
    command: Callable[..., None],
    argument: str,
    shared: list[inspect.Parameter],
    make: Callable[..., Any],
) -> Callable[..., None]:
    """Give ``command`` some options in place of the argument that ``make`` makes of them.

    Typer makes the options of the signature.
    """
    own = [p for p in inspect.signature(command).parameters.values() if p.name != argument]

    @wraps(command)
    def gathering(**given: Any) -> None:
        flags = {parameter.name: given.pop(parameter.name) for parameter in shared}
        command(**{argument: make(**flags)}, **given)

    parameters = sorted(shared + own, key=lambda each: each.default is not inspect.Parameter.empty)
    gathering.__dict__["__signature__"] = inspect.Signature(parameters)
    gathering.__annotations__ = {each.name: each.annotation for each in parameters}
    return gathering


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
    size = "Bytes of the server's update by round instead of a rate (method directions)."
    return [
        *_of_tables(),
        _parameter("actions", int, typer.Option(min=1, help=actions)),
        _parameter("bytes", int, typer.Option(min=16, help=size)),
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


def _of_tables() -> list[inspect.Parameter]:
    """Return the flags of a table of one's own."""
    kinds = {"columns": Columns, "items": Items, "item_columns": ItemColumns}
    return [inspect.Parameter(n, _KIND, default=None, annotation=kind) for n, kind in kinds.items()]


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
    if "bytes" in chosen:
        if {"actions", "compression_rate"} & chosen.keys():
            raise UsageError("--bytes takes the place of --compression-rate and --actions")
        if chosen.setdefault("method", _BY_BYTES) != _BY_BYTES:
            raise UsageError(f"--bytes is of the method {_BY_BYTES}, not of {chosen['method']}")
    given = _from_file(file) | dict(map(setting, settings or [])) | chosen
    try:
        return Config.model_validate(given)
    except ValidationError as error:
        raise UsageError(explain(error)) from None


def _given_dataset(
    name: str, settings: list[str] | None, data_dir: Path | None, **flags: str | None
) -> Named:
    """Return the data set that was asked for."""
    chosen = {flag: value for flag, value in flags.items() if value is not None}
    return Named(name, data_dir, dict(map(setting, settings or [])) | chosen)


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
    return RunFolder(Path("runs", run_name(config)), numbered=True)


def run_name(config: Config) -> str:
    """Return what a folder is called by default, such as ``ratings-mf-fedras``."""
    data = Path(config.dataset)
    return f"{data.stem if data.suffix else data.name}-{config.model}-{config.method}"

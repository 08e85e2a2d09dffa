"""The command ``fedras``.

Nothing here or in the commands' modules imports NumPy or Numba before a command runs, so that help
and mistakes answer at once.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from fedras.cli import (
    components,
    data,
    export,
    federate,
    rates,
    recommend,
    reproduce,
    similar,
    train,
)
from fedras.errors import FedrasError, UsageError

app = typer.Typer(
    help="Train recommenders across private histories, and count every byte that is sent.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
app.command()(train.train)
app.command()(federate.federate)
app.command("app")(federate.app)
app.command()(rates.rates)
app.command()(recommend.recommend)
app.command()(similar.similar)
app.command()(export.export)
app.command()(reproduce.reproduce)
app.add_typer(data.app, name="data")
app.command()(components.methods)
app.command()(components.models)
app.command()(components.aggregations)


def _print_version(wanted: bool) -> None:
    if wanted:
        from fedras.version import __version__  # noqa: PLC0415 -- reading the version takes a moment

        typer.echo(f"fedras {__version__}")
        raise typer.Exit


@app.callback()
def _fedras(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0, 2 for a mistake in the request, 1 for other failures."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    sys.exit(_run(given or ["--help"]))


def _run(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        status = command.main(arguments, prog_name="fedras", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except BrokenPipeError:  # nobody reads on; the interpreter must not flush into the void
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        message, failure = _explained(error)
        if not failure:
            raise
        print("fedras: error:", " ".join(message.split()), file=sys.stderr)
        return failure


def _explained(error: Exception) -> tuple[str, int]:
    """Return one line and the exit status, which is 0 for a mistake of our own."""
    if isinstance(error, FedrasError):
        return str(error), error.exit_status
    if isinstance(error, MemoryError):
        return f"not enough memory: {error}", FedrasError.exit_status
    if isinstance(error, OSError):
        return f"{error.filename or 'failure'}: {error.strerror or error}", FedrasError.exit_status
    # The class of wrong usage lives in click or in typer, depending on typer's version.
    describe = getattr(error, "format_message", None)
    if describe is None:
        return "", 0
    return f"{describe()} (see fedras --help)", UsageError.exit_status

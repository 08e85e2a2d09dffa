"""All commands, and how whatever goes wrong in them ends."""

import os
import re
import sys
from typing import Annotated, Any

import typer

from fedras.cli import (
    audit,
    compare,
    components,
    data,
    doctor,
    evaluate,
    explore,
    export,
    federate,
    flower,
    plan,
    recommend,
    report,
    reproduce,
    similar,
    train,
    tune,
)
from fedras.cli.displays.output import log_as_json, say
from fedras.cli.help import PLAIN, Group
from fedras.errors import FedrasError, UsageError
from fedras.interrupts import STOPPED


class _Commands(Group):
    """Keeps from click what it would turn into an exit without a word."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("stopped")
            raise typer.Exit(STOPPED) from None
        except EOFError as error:
            raise RuntimeError("unexpected end of a file") from error


app = typer.Typer(
    cls=_Commands,
    help="Train recommenders across private histories, and count every byte that is sent.",
    pretty_exceptions_enable=False,
    **PLAIN,
)
app.command()(train.train)
app.command()(tune.tune)
app.command()(federate.federate)
app.command()(flower.superlink)
app.command()(flower.node)
app.command()(flower.operator)
app.command("app")(flower.app)
app.command()(plan.plan)
app.command()(evaluate.evaluate)
app.command()(compare.compare)
app.command()(report.report)
app.command()(audit.audit)
app.command()(recommend.recommend)
app.command()(similar.similar)
app.command()(explore.explore)
app.command()(export.export)
app.command()(reproduce.reproduce)
app.add_typer(data.app, name="data")
app.command()(doctor.doctor)
app.command()(components.methods)
app.command()(components.models)
app.command()(components.aggregations)


def _print_version(wanted: bool) -> None:
    if wanted:
        from fedras.version import __version__  # noqa: PLC0415 -- reading it takes a moment

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


def run(arguments: list[str]) -> int:
    """Run a command and return the exit status; mistakes and failures are one line each."""
    log_as_json(False)
    try:
        command = typer.main.get_command(app)
        status = command.main(arguments, prog_name="fedras", standalone_mode=False)
        sys.stdout.flush()
        return int(status or 0)
    except (KeyboardInterrupt, typer.Abort):
        say("stopped")
        return STOPPED
    except BrokenPipeError:  # nobody reads on; the interpreter must not flush into the void
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        message, failure = _explained(error)
        if not failure:
            raise
        say("error: " + " ".join(message.split()))
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
    said = re.sub(r"( Did you mean [^?]*\?)\1", r"\1", describe())  # by typer and by click
    return f"{said} (see fedras --help)", UsageError.exit_status

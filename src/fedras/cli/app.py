"""All commands, and how whatever goes wrong in them ends."""

import os
import re
import sys
from typing import Annotated, Any

import typer

from fedras.cli.displays.output import log_as_json, say
from fedras.cli.help import PLAIN
from fedras.cli.later import Home, LaterGroup
from fedras.errors import FedrasError, UsageError
from fedras.interrupts import STOPPED

_HOMES = {
    "train": Home(
        "train.train", "Train a federation and measure what it costs and how well it recommends."
    ),
    "tune": Home(
        "tune.tune",
        "Find the options that do best on the validation item, and write a config for train.",
    ),
    "federate": Home(
        "federate.federate",
        "Train with a Flower federation on this machine: real processes, TLS, authentication.",
    ),
    "superlink": Home(
        "flower.superlink",
        "Serve a federation: nodes come in by their keys, and only the operator controls it.",
    ),
    "node": Home(
        "flower.node",
        "Take part in a federation with users of this machine; runs no code of the server's.",
    ),
    "operator": Home(
        "flower.operator", "Control a SuperLink of this machine with Flower's command line."
    ),
    "app": Home("flower.app", "Print the folder of the Flower app, for fedras operator -- run."),
    "plan": Home(
        "plan.plan",
        "Choose how many actions fit each client's link, and say what a client pays at most.",
    ),
    "evaluate": Home(
        "evaluate.evaluate",
        "Rank the held-out items again: metrics with 95 % intervals, by user, against another run.",
    ),
    "compare": Home(
        "compare.compare",
        "Compare runs: quality with intervals, tests against the best, bytes of one user.",
    ),
    "report": Home(
        "report.report",
        "Write what runs reached and what they cost as one page that opens anywhere.",
    ),
    "audit": Home(
        "audit.audit",
        "Measure what uploads give away: how well a curious server names users' items by them.",
    ),
    "recommend": Home("recommend.recommend", "Recommend items that a user does not have yet."),
    "similar": Home(
        "similar.similar",
        "Find the items most like others, by the cosine of their vectors in the clients' replica.",
    ),
    "explore": Home(
        "explore.explore",
        "Look at users, items and recommendations in a browser, on this machine alone.",
    ),
    "export": Home(
        "export.export",
        "Write the item vectors with ids and titles, and what else it takes to score them.",
    ),
    "reproduce": Home(
        "reproduce.reproduce",
        "Run what is left of tables and figures and write them below --out.",
    ),
    "doctor": Home(
        "doctor.doctor",
        "Say what is installed and what is missing; "
        "the exit status is 1 if fedras cannot work here.",
    ),
    "methods": Home(
        "components.methods", "List the methods: which update is coded how, and by whom."
    ),
    "models": Home("components.models", "List the base models that can be trained."),
    "aggregations": Home(
        "components.aggregations", "List what the server can make of the clients' updates."
    ),
    "data": Home("data.app", "List, describe and fetch data sets."),
}


class _Commands(LaterGroup):
    """Keeps from click what it would turn into an exit without a word."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(_HOMES, **attributes)

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

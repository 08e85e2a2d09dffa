"""``fedras federate``: the same as ``train``, with real processes that talk over TLS."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from fedras.cli.output import PREPARING, DataDir, print_json, say
from fedras.cli.report import print_report
from fedras.errors import FedrasError, UsageError
from fedras.interrupts import sigterm_interrupts

if TYPE_CHECKING:
    from fedras.config import Config
    from fedras.data import Interactions
    from fedras.run.folder import RunFolder

Nodes = Annotated[int, typer.Option(min=1, help="How many nodes share the users among them.")]
ReplyTimeout = Annotated[
    float,
    typer.Option(min=1, help="Seconds that a node has to answer; then the round goes on."),
]


def federate(
    nodes: Nodes = 4,
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
    reply_timeout: ReplyTimeout = 120.0,
    resume: Resume = False,
    as_json: SummaryAsJson = False,
    quiet: Quiet = False,
) -> None:
    """Train with a Flower federation on this machine: real processes, TLS, authentication.

    Takes the options of train and gives the same numbers; a round takes seconds, not milliseconds.
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
    if out is None:
        if resume:
            raise UsageError("to resume a run, say which: give its folder as --out")
        out = next_folder(given)
    _require_flower()
    try:
        with sigterm_interrupts():
            folder, interactions = _prepared(given, out, resume)
            summary = folder.summary()
            if summary is None:
                summary = _run(folder, interactions, nodes, reply_timeout, quiet)
            else:
                say(f"the run in {out} is finished")
    except KeyboardInterrupt:
        command = f"fedras federate --resume --nodes {nodes} --out {shlex.quote(str(out))}"
        say(f"stopped; continue with: {command}")
        raise typer.Exit(130) from None
    if as_json:
        print_json(summary)
    else:
        user, place = _somebody(interactions, nodes)
        print_report(summary, f"--node {shlex.quote(str(out / 'nodes' / place))}", user)


def _somebody(interactions: "Interactions", nodes: int) -> tuple[str, str]:
    """Return a user, as a shell reads it, and the folder of its node."""
    from fedras.nodes.split import node_of  # noqa: PLC0415 -- slow to import

    user = shlex.quote(str(interactions.user_ids[0]))
    return user, f"node-{node_of(interactions, nodes)[0]}"


def _require_flower() -> None:
    from importlib.util import find_spec  # noqa: PLC0415 -- slow to import

    if find_spec("flwr") is None:
        raise FedrasError('federate needs Flower; run: pip install "fedras[flower]"')


def _prepared(given: "Config", out: Path, resume: bool) -> "tuple[RunFolder, Interactions]":
    """Return the folder of the run, which is made if it is new, and the data."""
    from fedras.components import (  # noqa: PLC0415 -- slow to import
        complete,
        interactions_of,
        method_of,
    )
    from fedras.run.folder import RunFolder  # noqa: PLC0415
    from fedras.run.resumption import absolute, agreed  # noqa: PLC0415

    folder = RunFolder(out)
    config = agreed(folder, absolute(given)) if resume else complete(absolute(given))
    method_of(config).configure(config)
    interactions = interactions_of(config)
    if not resume:
        folder.create(config)
        folder.release()
    for note in interactions.notes:
        say(f"warning: {note}")
    return folder, interactions


def _run(
    folder: "RunFolder", interactions: "Interactions", nodes: int, timeout: float, quiet: bool
) -> dict[str, Any]:
    from fedras.flower.loopback import Loopback  # noqa: PLC0415 -- slow to import

    patience = (timeout, 300.0, 600.0)
    if not quiet:
        say(PREPARING)
    _compile(folder.config(), interactions)
    with _progress(quiet) as show, Loopback(folder.path, interactions, nodes, patience) as running:
        for status in running.watch():
            show(status)
        carried = running.traffic()
    summary = folder.summary()
    if summary is None:
        raise FedrasError(f"{folder.path} holds no summary; see {folder.path / 'logs'}")
    summary["federation"]["sockets"] = carried
    summary |= {"interactions": len(interactions), "notes": list(interactions.notes)}
    folder.write_summary(summary)
    return summary


def _compile(config: "Config", interactions: "Interactions") -> None:
    """Fill the cache of compiled kernels, so that nodes do not all do it at once."""
    from fedras.run.training import open_run  # noqa: PLC0415 -- slow to import

    once = open_run(config.model_copy(update={"rounds": 1}), interactions=interactions)
    list(once.rounds())
    once.summary()


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield the function that shows how far the run is, node by node."""
    from rich.console import Console  # noqa: PLC0415 -- not needed for help
    from rich.live import Live  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet:
        yield lambda _: None
    elif not console.is_terminal:
        say("starting SuperLink and SuperNodes")
        yield lambda status: say(_figures(status))
    else:
        with Live("starting SuperLink and SuperNodes", console=console) as live:
            yield lambda status: live.update(_table(status))


def _figures(status: dict[str, Any]) -> str:
    awake = sum(node["awake"] for node in status["nodes"].values())
    found = status["metrics"] or {}
    quality = "  ".join(f"{n.upper()} {v:.4f}" for n, v in found.items() if "@" in n)
    place = f"round {status['round']}/{status['rounds']}"
    return f"{place}  {awake} of {len(status['nodes'])} nodes  {quality}"


def _table(status: dict[str, Any]) -> Any:
    from rich.table import Table  # noqa: PLC0415 -- not needed for help

    table = Table("node", "clients", "version", "", box=None, caption=_figures(status))
    for name, node in status["nodes"].items():
        state = "" if node["awake"] else "does not answer"
        table.add_row(name[:8], str(node["clients"]), str(node["version"]), state)
    return table


def app() -> None:
    """Print the folder of the Flower app, for flwr run."""
    _require_flower()
    from fedras.flower.loopback import APP  # noqa: PLC0415 -- slow to import

    typer.echo(APP)

"""``fedras federate``: the same as ``train``, with real processes that talk over TLS."""

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.cli.displays.output import PREPARING, finite, print_json, say, say_data
from fedras.cli.flower import require_flower
from fedras.cli.logs import LogFormat, Logs, LogTo, read_lines
from fedras.cli.options import Out, Quiet, Resume, SummaryAsJson, run_folder, with_config
from fedras.cli.summary import print_summary, say_comparison
from fedras.cli.uncompressed import WithUncompressed
from fedras.cli.uncompressed import with_uncompressed as add_uncompressed
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.interrupts import STOPPED, sigterm_interrupts

if TYPE_CHECKING:
    from fedras.data import Interactions
    from fedras.run.folder import RunFolder

Nodes = Annotated[
    int, typer.Option(min=1, max=1000, help="How many nodes share the users among them.")
]
ReplyTimeout = Annotated[
    float,
    typer.Option(
        min=1,
        max=86_400,
        callback=finite,
        help="Seconds that a node has to answer; then the round goes on.",
    ),
]


@with_config
def federate(
    config: Config,
    nodes: Nodes = 4,
    out: Out = None,
    reply_timeout: ReplyTimeout = 120.0,
    resume: Resume = False,
    with_uncompressed: WithUncompressed = False,
    as_json: SummaryAsJson = False,
    quiet: Quiet = False,
    log_format: LogFormat = "text",
    log_to: LogTo = None,
) -> None:
    """Train with a Flower federation on this machine: real processes, TLS, authentication.

    Takes the options of train and gives the same numbers; a round takes seconds, not milliseconds.
    """
    if out is None and resume:
        raise UsageError("to resume a run, say which: give its folder as --out")
    from fedras.run.resumption import keep_place  # noqa: PLC0415 -- slow to import

    logs = Logs(log_format, log_to)
    quiet |= logs.as_json
    folder = run_folder(out, config)
    require_flower()
    try:
        with sigterm_interrupts():
            config, interactions = _prepared(config, folder, resume, quiet)
            summary = folder.summary()
            if summary is None:
                summary = _run(folder, interactions, nodes, reply_timeout, quiet, logs)
                keep_place(folder, config)
            else:
                say(f"the run in {folder.path} is finished")
            if with_uncompressed:
                given = folder.config()
                summary = add_uncompressed(summary, folder, given, interactions, quiet)
    except KeyboardInterrupt:
        if not folder.has_begun():
            folder.withdraw()
            say("stopped before the first round")
        else:
            place = shlex.quote(str(folder.path))
            say("stopped; continue with", f"fedras federate --resume --nodes {nodes} --out {place}")
        raise typer.Exit(STOPPED) from None
    say_comparison(summary)
    logs.end(summary)
    if as_json:
        print_json(summary)
    else:
        user, node = _somebody(interactions, nodes)
        asked = f"--node {shlex.quote(str(folder.path / 'nodes' / node))}"
        print_summary(summary, shlex.quote(str(folder.path)), asked, user)


def _somebody(interactions: "Interactions", nodes: int) -> tuple[str, str]:
    """Return a user, as a shell reads it, and the folder of its node."""
    from fedras.nodes.split import node_of  # noqa: PLC0415 -- slow to import

    user = shlex.quote(str(interactions.user_ids[0]))
    return user, f"node-{node_of(interactions, nodes)[0]}"


def _prepared(
    given: Config, folder: "RunFolder", resume: bool, quiet: bool
) -> tuple[Config, "Interactions"]:
    """Return the whole configuration and the data; the folder of the run is made if it is new."""
    from fedras.components import complete, interactions_of  # noqa: PLC0415 -- slow to import
    from fedras.nodes.server.setup import require_split  # noqa: PLC0415
    from fedras.run.resumption import absolute, agreed  # noqa: PLC0415

    if not resume:
        folder.require_new()
    config = agreed(folder, absolute(given)) if resume else complete(absolute(given))
    require_split(config)
    interactions = interactions_of(config)
    if not resume or folder.summary() is None:
        if not quiet:
            say(PREPARING)
        _rehearse(config, interactions)
    if not resume:
        folder.create(config)
        folder.release()
    say_data(interactions)
    return config, interactions


def _rehearse(config: Config, interactions: "Interactions") -> None:
    """Do a round in this process: mistakes show before there is a folder."""
    from fedras.run.training import open_run  # noqa: PLC0415 -- slow to import

    once = open_run(
        config.model_copy(update={"rounds": 1, "baselines": False}), interactions=interactions
    )
    list(once.rounds())
    once.summary()


def _run(
    folder: "RunFolder",
    interactions: "Interactions",
    nodes: int,
    timeout: float,
    quiet: bool,
    logs: Logs,
) -> dict[str, Any]:
    from fedras.baselines.kept import compared  # noqa: PLC0415
    from fedras.cli.displays.federation import watched  # noqa: PLC0415 -- slow to import
    from fedras.flower.loopback import Loopback  # noqa: PLC0415
    from fedras.nodes.split import node_of  # noqa: PLC0415
    from fedras.run.beside import with_baselines  # noqa: PLC0415

    patience = (timeout, 300.0, 600.0)
    clients = [int((node_of(interactions, nodes) == number).sum()) for number in range(nodes)]
    with (
        watched(clients, folder.config().rounds, quiet) as show,
        Loopback(folder.path, interactions, nodes, patience) as running,
    ):
        logs.open(folder.path, len(read_lines(folder.path)))
        for status in running.watch():
            show(status, running.traffic()["by_node"])
            logs.follow(read_lines(folder.path))
        carried = running.traffic()
    summary = folder.summary()
    if summary is None:
        raise FedrasError(f"{folder.path} holds no summary; see {folder.path / 'logs'}")
    summary["federation"]["sockets"] = carried
    summary |= {"interactions": len(interactions), "notes": list(interactions.notes)}
    if (config := folder.config()).baselines:  # which the server cannot know
        summary = with_baselines(summary, compared(interactions, config))
    folder.write_summary(summary)
    return summary

"""The ClientApp of a simulation on Flower's engine; nodes of a federation are `supernode`s."""

from pathlib import Path

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from fedras.errors import UsageError
from fedras.flower.link import unwrap, wrap
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source
from fedras.nodes.split import CATALOGUE, DATA, written_options

app = ClientApp()


@app.query()
def answer(message: Message, context: Context) -> Message:
    """Answer a message of the server."""
    return Message(wrap(node_of(context).answer(unwrap(message.content))), reply_to=message)


def node_of(context: Context) -> Node:
    """Return the node of a simulation, by its number: its files are as `split.write_nodes` writes.

    Raises
    ------
    UsageError
        If this is no simulation: a node of a federation is started by ``fedras node``.
    """
    number = context.node_config.get("partition-id")
    if number is None:
        raise UsageError("start nodes with fedras node; flower-supernode would run anybody's app")
    root = Path(str(context.run_config["nodes-folder"]))
    place = root / f"node-{int(number)}"
    return Node(place, Source(str(place / DATA), options=written_options(place)), root / CATALOGUE)

"""The ClientApp: a SuperNode's answers, from the data and the folder that its config names."""

from pathlib import Path

from flwr.app import Context, Message
from flwr.clientapp import ClientApp

from fedras.data import File
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
    """Return the node that Flower's configuration describes.

    A SuperNode names ``folder``, ``data`` (a file or a SQLAlchemy URL), ``table``, ``catalogue``
    and, where they are needed, options of `data.File` such as ``columns`` or ``min-rating``; of a
    simulated one only the number is known, and its files are in the run's ``nodes-folder``, as
    `split.write_nodes` leaves them.

    Raises
    ------
    UsageError
        If something is missing.
    """
    told = context.node_config
    threads = int(told.get("threads", 1))
    options = {name.replace("-", "_"): value for name, value in told.items()}
    options = {name: value for name, value in options.items() if name in File.model_fields}
    if "folder" not in told and "partition-id" in told:
        root = Path(str(context.run_config["nodes-folder"]))
        place = root / f"node-{int(told['partition-id'])}"
        return Node(
            place,
            Source(str(place / DATA), options=written_options(place)),
            root / CATALOGUE,
            threads,
        )
    for name in ("folder", "data", "catalogue"):
        if name not in told:
            raise UsageError(f"the node config lacks {name}: flower-supernode --node-config")
    source = Source(str(told["data"]), str(told.get("table", "")), options)
    return Node(Path(str(told["folder"])), source, Path(str(told["catalogue"])), threads)

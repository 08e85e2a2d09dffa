"""``fedras superlink``, ``node``, ``operator`` and ``app``: a federation on several machines."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.options import setting
from fedras.errors import FedrasError
from fedras.extras import install

Root = Annotated[
    Path, typer.Option(metavar="FILE", help="Certificate of the authority of the federation.")
]
State = Annotated[
    Path, typer.Option(metavar="DIR", help="Folder of the SuperLink; only its owner may enter it.")
]


def require_flower() -> None:
    """Raise FedrasError if Flower is not installed."""
    if find_spec("flwr") is None:
        raise FedrasError(f"this needs Flower; run: {install('flower')}")


def _ready(*paths: Path) -> None:
    """Check that there is Flower, and that files can be read; tell Flower how we want it."""
    require_flower()
    from fedras.flower.environment import settle  # noqa: PLC0415 -- not needed for help

    settle()
    for path in paths:
        try:
            path.open("rb").close()
        except OSError as error:
            raise FedrasError(f"cannot read {path}: {error.strerror}") from None


def superlink(
    state: State,
    root: Root,
    certificate: Annotated[
        Path, typer.Option(metavar="FILE", help="Certificate of this machine, signed by --root.")
    ],
    key: Annotated[Path, typer.Option(metavar="FILE", help="The private key of --certificate.")],
    host: Annotated[
        str, typer.Option(help="Where to listen; 0.0.0.0 for other machines.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
) -> None:
    """Serve a federation: nodes come in by their keys, and only the operator controls it."""
    _ready(root, certificate, key)
    from fedras.flower.superlink import serve  # noqa: PLC0415 -- slow to import

    serve(state, root, certificate, key, host, port)


def node(
    superlink: Annotated[str, typer.Option(metavar="HOST:PORT", help="The SuperLink.")],
    root: Root,
    key: Annotated[Path, typer.Option(metavar="FILE", help="The private key of this node.")],
    folder: Annotated[
        Path, typer.Option(metavar="DIR", help="Keeps replicas and private vectors; back it up.")
    ],
    data: Annotated[
        str, typer.Option(metavar="FILE|URL", help="This node's interactions: a file or database.")
    ],
    catalogue: Annotated[Path, typer.Option(metavar="FILE", help="The item catalogue.")],
    table: Annotated[str, typer.Option(help="Of the database.")] = "",
    columns: Annotated[
        str | None, typer.Option(metavar="user=NAME,...", help="Columns of the data.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any other option of the data."),
    ] = None,
    threads: Annotated[int, typer.Option(min=0, max=4096, help="To compute with; 0 is all.")] = 1,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the loopback; by default a free one.")
    ] = 0,
) -> None:
    """Take part in a federation with users of this machine; runs no code of the server's."""
    _ready(root, key, catalogue)
    from fedras.flower.loopback import free_port  # noqa: PLC0415 -- slow to import
    from fedras.flower.supernode import serve  # noqa: PLC0415
    from fedras.nodes.node.node import Node  # noqa: PLC0415
    from fedras.nodes.node.own_data import Source  # noqa: PLC0415

    chosen = dict(map(setting, settings or []))
    if columns is not None:
        chosen["columns"] = columns
    serve(
        Node(folder, Source(data, table, chosen), catalogue, threads),
        superlink,
        root,
        key,
        port or free_port(),
    )


def operator(
    state: State,
    arguments: Annotated[
        list[str], typer.Argument(metavar="-- COMMAND", help="Of Flower: run, ls, stop, supernode.")
    ],
) -> None:
    """Control a SuperLink of this machine with Flower's command line."""
    require_flower()
    from fedras.flower.operator import call  # noqa: PLC0415 -- slow to import

    call(state, arguments)


def app() -> None:
    """Print the folder of the Flower app, for fedras operator -- run."""
    require_flower()
    from fedras.flower.loopback import APP  # noqa: PLC0415 -- slow to import

    typer.echo(APP)

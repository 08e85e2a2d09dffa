"""What the commands have in common that ask a trained federation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fedras.config import MOST
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.run.recommender import Recommender

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Folder of the run.")]
NodeFolder = Annotated[
    Path | None,
    typer.Option("--node", metavar="DIR", help="Folder of a node of a federation instead."),
]
K = Annotated[int, typer.Option("-k", "--k", max=MOST, help="How many items.")]


Moved = Annotated[
    Path | None,
    typer.Option("--dataset", metavar="FILE", help="Where the run's own table is now."),
]


def load_trained(
    folder: Path | None,
    node: Path | None,
    data_dir: Path | None,
    dataset: Path | None = None,
    columns: str | None = None,
) -> "Recommender":
    """Load a run or what a node holds.

    Raises
    ------
    UsageError
        If not exactly one of the folders is given, or it does not hold what it should.
    FedrasError
        If something cannot be read.
    """
    if node is not None and folder is None:
        from fedras.nodes.node.offline import load_node  # noqa: PLC0415 -- slow to import

        return load_node(node)
    if folder is not None and node is None:
        from fedras.api import load  # noqa: PLC0415 -- slow to import

        options = {} if columns is None else {"columns": columns}
        return load(folder, data_dir, dataset=dataset, options=options)
    raise UsageError("give the folder of a run, or that of a node as --node")

"""``fedras export``: the vectors of a run, for other software."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.displays.output import DataDir, say
from fedras.cli.options import Columns
from fedras.cli.trained import Folder, Moved, NodeFolder, load_trained


def export(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The file: .safetensors or .npz.")
    ],
    folder: Folder = None,
    users: Annotated[
        bool,
        typer.Option("--user-vectors", help="Also the users' vectors, which are private."),
    ] = False,
    node: NodeFolder = None,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
) -> None:
    """Write the item vectors with ids and titles, and what else it takes to score them."""
    from fedras.run.export import require_format  # noqa: PLC0415 -- slow to import

    require_format(out)
    load_trained(folder, node, data_dir, dataset, columns).export(out, users)
    say(f"wrote {out}")
    if users:
        say(f"warning: {out} holds private vectors: whoever has it can tell what its users like")

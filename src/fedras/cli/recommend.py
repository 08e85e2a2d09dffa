"""``fedras recommend``: what a user of a trained federation would like."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.output import AsJson, DataDir, print_json, print_table
from fedras.errors import UsageError


def recommend(
    user: Annotated[str, typer.Option("--user", metavar="ID", help="The user's id in the data.")],
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Folder of the run.")
    ] = None,
    node: Annotated[
        Path | None,
        typer.Option("--node", metavar="DIR", help="Folder of a node of a federation instead."),
    ] = None,
    k: Annotated[int, typer.Option("-k", help="How many items.")] = 10,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Recommend items that a user does not have yet."""
    if node is not None and folder is None:
        from fedras.nodes.node.offline import recommend_on  # noqa: PLC0415 -- slow to import

        found = recommend_on(node, user, k)
    elif folder is not None and node is None:
        from fedras.run.recommender import load  # noqa: PLC0415 -- slow to import

        found = load(folder, data_dir).recommend(user, k)
    else:
        raise UsageError("give the folder of a run, or that of a node as --node")
    if as_json:
        print_json([item._asdict() for item in found])
        return
    rows = [
        [str(place), item.item, item.title or "", f"{item.score:.3f}"]
        for place, item in enumerate(found, start=1)
    ]
    print_table(["", "item", "title", "score"], rows, right=(0, 3))

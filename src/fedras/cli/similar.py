"""``fedras similar``: items that a trained federation takes to be alike."""

from typing import Annotated

import typer

from fedras.cli.displays.output import AsJson, DataDir, print_json, print_table
from fedras.cli.options import Columns
from fedras.cli.trained import Folder, K, Moved, NodeFolder, load_trained
from fedras.errors import UsageError


def similar(
    folder: Folder = None,
    item: Annotated[
        list[str] | None,
        typer.Option("--item", metavar="ID", help="The item's id in the data. Repeatable."),
    ] = None,
    title: Annotated[
        list[str] | None,
        typer.Option("--title", help="Its title, or a part of no other title. Repeatable."),
    ] = None,
    node: NodeFolder = None,
    k: K = 10,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
    as_json: AsJson = False,
) -> None:
    """Find the items most like others, by the cosine of their vectors in the clients' replica."""
    if not item and not title:
        raise UsageError('say which item: --item ID or --title "part of its title"')
    model = load_trained(folder, node, data_dir, dataset, columns)
    wanted = dict.fromkeys([*(item or []), *map(model.titled, title or [])])
    found = model.similar(wanted, k)
    if as_json:
        lists = [[like._asdict() for like in ranking] for ranking in found.values()]
        every = [
            {**model.item(name)._asdict(), "similar": likes}
            for name, likes in zip(found, lists, strict=True)
        ]
        print_json(lists[0] if len(lists) == 1 else every)
        return
    for name, ranking in found.items():
        typer.echo(f"like {name} {model.item(name).title or ''}".rstrip())
        rows = [
            [str(place), like.item, like.title or "", f"{like.score:.3f}"]
            for place, like in enumerate(ranking, start=1)
        ]
        print_table(["", "item", "title", "cosine"], rows, right=(0, 3))

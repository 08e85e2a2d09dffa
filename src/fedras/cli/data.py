"""``fedras data``: which data sets there are, what is in them, and how to get them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fedras.cli.components import option_lines, options_of
from fedras.cli.displays.output import AsJson, DataDir, print_json, print_table, say, say_data
from fedras.cli.help import PLAIN, Group
from fedras.cli.options import Named, with_dataset

app = typer.Typer(cls=Group, help="List, describe and fetch data sets.", **PLAIN)


@app.command("list")
def list_(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the data sets and whether they are on this machine."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    found = [
        {
            "name": name,
            "available": data.available(name, data_dir),
            "description": data.DATASETS.get(name).description,
        }
        for name in data.names()
    ]
    if as_json:
        print_json(found)
    else:
        print_table(["name", "available", "description"], [list(row.values()) for row in found])


@app.command()
@with_dataset
def info(dataset: Named, as_json: AsJson = False) -> None:
    """Load a data set, fetching it if need be, and say what is in it."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    found = data.describe(*dataset)
    found["options"] = options_of(type(data.open_dataset(dataset.name)))
    if as_json:
        print_json(found)
        return
    found["options"] = option_lines(found["options"])
    _print_lines(found)


@app.command()
@with_dataset
def check(dataset: Named, as_json: AsJson = False) -> None:
    """Say what training on a data set would meet: columns, held-out items, warnings, cost."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    found = data.check(*dataset)
    if as_json:
        print_json(found)
        return
    found["items_per_user"] = ", ".join(f"{k} {v:g}" for k, v in found["items_per_user"].items())
    found["held_out"] = [f"{each['item']} of user {each['user']}" for each in found["held_out"]]
    found["memory_mb"] = f"about {found['memory_mb']:,}"
    found["seconds"] = f"about {found['seconds']:,} for the main job of 500 rounds"
    _print_lines(found)


def _print_lines(found: dict[str, Any]) -> None:
    """Print a line for each value, and for each of several."""
    found = found | {"density": f"{found['density']:.4%}"}
    for key, value in found.items():
        whole = f"{value:,}" if isinstance(value, int) else value
        lines = value if isinstance(value, list) else str(whole).splitlines()
        for number, line in enumerate(lines):
            typer.echo(f"{'' if number else key:<14} {line}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A published data set.")],
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is here.")] = False,
) -> None:
    """Make sure that a data set is on this machine, and print its folder."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    if force or data.available(name, data_dir) == "not fetched":
        say(f"fetching {name}")
    typer.echo(data.fetch(name, data_dir, force))


@app.command()
@with_dataset
def split(
    dataset: Named,
    nodes: Annotated[int, typer.Option(min=1, max=100_000, help="How many nodes share the users.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where their folders are made.")],
) -> None:
    """Write a folder per node with its users' interactions, and the item catalogue for all."""
    from fedras import data  # noqa: PLC0415 -- slow to import
    from fedras.nodes.split import write_nodes  # noqa: PLC0415

    loaded = data.load(*dataset)
    say_data(loaded)
    for place in write_nodes(loaded, nodes, out):
        typer.echo(place)

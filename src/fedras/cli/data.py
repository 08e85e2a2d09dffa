"""``fedras data``: which data sets there are, what is in them, and how to get them."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.components import option_lines, options_of
from fedras.cli.output import AsJson, DataDir, print_json, print_table, say

app = typer.Typer(help="List, describe and fetch data sets.")

_Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set, or the path of a table.")]


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
def info(name: _Name, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Load a data set, fetching it if need be, and say what is in it."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    found = data.describe(name, data_dir)
    found["options"] = options_of(type(data.open_dataset(name)))
    if as_json:
        print_json(found)
        return
    found["density"] = f"{found['density']:.4%}"
    found |= {key: f"{found[key]:,}" for key in ("users", "items", "interactions")}
    found |= {
        "notes": "\n".join(found["notes"]),
        "options": "\n".join(option_lines(found["options"])),
    }
    for key, value in found.items():
        for number, line in enumerate(str(value).splitlines()):
            typer.echo(f"{'' if number else key:<13} {line}")


@app.command()
def fetch(
    name: _Name,
    data_dir: DataDir = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch again what is here.")] = False,
) -> None:
    """Make sure that a data set is on this machine, and print its folder."""
    from fedras import data  # noqa: PLC0415 -- slow to import

    if force or data.available(name, data_dir) == "not fetched":
        say(f"fetching {name}")
    typer.echo(data.fetch(name, data_dir, force))


@app.command()
def split(
    name: _Name,
    nodes: Annotated[int, typer.Option(min=1, max=100_000, help="How many nodes share the users.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where their folders are made.")],
    data_dir: DataDir = None,
) -> None:
    """Write a folder per node with its users' interactions, and the item catalogue for all."""
    from fedras import data  # noqa: PLC0415 -- slow to import
    from fedras.nodes.split import write_nodes  # noqa: PLC0415

    for place in write_nodes(data.load(name, data_dir), nodes, out):
        typer.echo(place)

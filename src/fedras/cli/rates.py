"""``fedras rates``: each client's compression rate from the speed of its link."""

from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.displays.output import DataDir, finite, print_table


def rates(
    speeds: Annotated[
        Path, typer.Argument(metavar="SPEEDS.csv", help="Rows of user,bytes per second.")
    ],
    out: Annotated[Path, typer.Option(metavar="RATES.csv", help="What --set rate_file= takes.")],
    seconds: Annotated[
        float,
        typer.Option(
            min=0.001,
            max=86_400,
            callback=finite,
            help="How long a client's transfers of a round may take.",
        ),
    ] = 2.0,
    dataset: Annotated[
        str, typer.Option(help="Data set or table that says how many items there are.")
    ] = "ml-100k",
    dim: Annotated[int, typer.Option(min=1, max=4096, help="Embedding dimension.")] = 32,
    levels: Annotated[int, typer.Option(min=1, max=64, help="How many distinct rates.")] = 5,
    data_dir: DataDir = None,
) -> None:
    """Choose each client's compression rate so that a round fits its connection."""
    import numpy as np  # noqa: PLC0415 -- slow to import

    from fedras import data  # noqa: PLC0415
    from fedras.federation.speeds import rates_for, read_speeds, write_rates  # noqa: PLC0415

    measured = read_speeds(speeds)
    n_items = data.load(dataset, data_dir).n_items
    found = rates_for(np.array(list(measured.values())), seconds, n_items, dim, levels)
    write_rates(list(measured), found, out)
    distinct, users = np.unique(found, return_counts=True)
    rows = [[f"{rate:.4f}", str(count)] for rate, count in zip(distinct, users, strict=True)]
    print_table(["rate", "users"], rows, right=(0, 1))

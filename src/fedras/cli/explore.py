"""``fedras explore``: a page on this machine for looking at what a run recommends."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from fedras.cli.displays.output import DataDir, say
from fedras.cli.options import Columns
from fedras.cli.trained import Folder, Moved, NodeFolder, load_trained
from fedras.interrupts import sigterm_interrupts


def explore(
    folder: Folder = None,
    node: NodeFolder = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen (default: any that is free).")
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only print the address of the page.")
    ] = False,
    data_dir: DataDir = None,
    dataset: Moved = None,
    columns: Columns = None,
) -> None:
    """Look at users, items and recommendations in a browser, on this machine alone."""
    from fedras.explorer import serving  # noqa: PLC0415 -- not needed for help

    serving.require_extra()
    with sigterm_interrupts(), serving.listener(port) as listening:
        model = load_trained(folder, node, data_dir, dataset, columns)
        from fedras.explorer.site import site  # noqa: PLC0415 -- an extra, and slow to import

        name = (folder or node or Path()).resolve().name
        server = serving.server(site(model, name))
        url = serving.address(listening)
        say(f"{model!r} is shown until Ctrl-C at")
        typer.echo(url)
        if not no_browser:
            _open(url)
        server.run(sockets=[listening])


def _open(url: str) -> None:
    """Open a page, without waiting for browsers that run in the terminal or are slow to start."""
    import webbrowser  # noqa: PLC0415 -- not needed for help

    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

"""``fedras doctor``: what is installed, what is missing and how to get it."""

import os
import platform
import tempfile
from pathlib import Path
from typing import Any

import typer

from fedras.cli.displays.output import AsJson, echo, human, print_json, print_table
from fedras.extras import install, installed, missing, required
from fedras.version import __version__


def doctor(as_json: AsJson = False) -> None:
    """Say what is installed and what is missing; the exit status is 1 if fedras cannot work here.

    Extras that are not there are no fault.
    """
    problems = [_wrong(each) for each in missing()]
    found: dict[str, Any] = {
        "fedras": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": {each.name: installed(each) for each in required()[""]},
    }
    try:
        found["machine"] = _machine()
        found["folders"] = _folders()
        _compute()
    except Exception as error:  # whatever is broken here is what was asked for
        wrong = f"{type(error).__name__}: {error}".splitlines()[0]
        problems.append(f"the compiled core does not run: {wrong}")
    found["extras"] = {
        extra: {"versions": {each.name: installed(each) for each in needed}, "get": _get(extra)}
        for extra, needed in required().items()
        if extra
    }
    found["problems"] = problems
    if as_json:
        print_json(found)
    else:
        _print(found)
    if problems:
        raise typer.Exit(1)


def _wrong(needed: Any) -> str:
    there = installed(needed)
    return f'{needed.name} is {there or "missing"}; run: pip install "{needed}"'


def _get(extra: str) -> str | None:
    """Return how to get what an extra lacks, None if it lacks nothing."""
    return install(extra) if missing(extra) else None


def _machine() -> dict[str, Any]:
    """Return processor, instruction set of the core and threads."""
    from fedras.core import instructions  # noqa: PLC0415 -- may be what is broken
    from fedras.core.threads import threads  # noqa: PLC0415

    return {
        "processor": platform.processor() or platform.machine(),
        "instructions": instructions,
        "processors": os.cpu_count(),
        "threads": threads(),
    }


def _compute() -> None:
    """Run something of the core.

    Raises
    ------
    RuntimeError
        If what it returns is wrong.
    """
    import numpy as np  # noqa: PLC0415 -- slow to import

    from fedras.core.numbers import all_finite  # noqa: PLC0415

    given = np.array([[1, 2], [3, np.nan]], np.float32)
    if all_finite(given) or not all_finite(given[:1]):
        raise RuntimeError("the core returned something wrong")


def _folders() -> list[dict[str, Any]]:
    from fedras.data.sources import Sources  # noqa: PLC0415 -- slow to import

    sources = Sources()
    folders = {
        "cache, fetched data included": sources.cache,
        "data of FEDRAS_DATA": sources.data_dir,
        "runs": Path("runs").absolute(),
    }
    return [
        {"what": what, "path": str(path), "there": path.is_dir(), "writable": _writable(path)}
        | {"bytes": sum(each.stat().st_size for each in path.rglob("*") if each.is_file())}
        for what, path in folders.items()
        if path is not None
    ]


def _writable(folder: Path) -> bool:
    """Return whether a file can be made in a folder, or in the one that it would be made in."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _print(found: dict[str, Any]) -> None:
    echo(f"fedras {found['fedras']}, Python {found['python']}, {found['system']}")
    if "machine" in found:
        echo("{processor}: {threads} threads of {processors} processors".format(**found["machine"]))
        echo(f"instructions: {found['machine']['instructions']}")
    echo("")
    rows = [[name, there or "missing"] for name, there in found["packages"].items()]
    print_table(["package", "version"], rows)
    echo("")
    for folder in found.get("folders", []):
        state = "" if folder["writable"] else ", cannot be written"
        size = human(folder["bytes"]) if folder["there"] else "not there yet"
        echo(f"{folder['what']}: {folder['path']} ({size}{state})")
    echo("")
    for extra, of_extra in found["extras"].items():
        there = ", ".join(f"{name} {v}" for name, v in of_extra["versions"].items() if v)
        text = f"{extra}: {there or 'not installed'}"
        echo(text + (f"; to get it: {of_extra['get']}" if of_extra["get"] else ""))
    echo("")
    for problem in found["problems"]:
        echo(f"problem: {problem}")
    if not found["problems"]:
        echo("all that is needed is there")

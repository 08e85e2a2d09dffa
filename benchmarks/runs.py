"""Runs for a table: each is done once and kept as a line of JSON, so that work can be resumed."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rich.progress import track

import fedras
from fedras.components import make_config
from fedras.errors import PayloadError

RESULTS = Path(__file__).parent.parent / "results"
Row = dict[str, Any]


def run(given: Row) -> Row:
    """Train with the options ``given`` on one thread; return the summary, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        config = make_config({**given, "threads": 1})
        try:
            for _ in fedras.train(config, out=Path(folder) / "run"):
                pass
        except PayloadError as error:
            return {"given": given, "error": str(error)}
        summary: Row = json.loads((Path(folder) / "run" / "summary.json").read_text())
    return {"given": given, "summary": summary}


def rows(name: str, wanted: Iterable[Row], work: Callable[[Row], Row] = run) -> list[Row]:
    """Return a row per wanted configuration, in order, from ``results/NAME.jsonl`` or new work."""
    path = RESULTS / f"{name}.jsonl"
    done = {_key(row["given"]): row for row in _read(path)}
    order = list(wanted)
    missing = [given for given in order if _key(given) not in done]
    with ProcessPoolExecutor() as pool, path.open("a", encoding="utf-8") as file:
        for row in track(pool.map(work, missing), description=name, total=len(missing)):
            file.write(json.dumps(row) + "\n")
            file.flush()
            done[_key(row["given"])] = row
    return [done[_key(given)] for given in order]


def _read(path: Path) -> Iterator[Row]:
    if path.exists():
        yield from map(json.loads, path.read_text("utf-8").splitlines())


def _key(given: Row) -> str:
    return json.dumps(given, sort_keys=True)

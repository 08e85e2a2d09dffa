"""How long a large CSV takes to become interactions, next to pandas and polars reading it.

    python benchmarks/reading.py [--rows 25000000] [--out results/reading.json]

Rows are (user, item, rating, time) in random order, which is the hardest. Each reader runs in a
process of its own; peers that are not installed are left out.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import numpy as np

READERS = {
    "fedras": "from fedras import data; data.load(path)",
    "pandas": "import pandas; pandas.read_csv(path)",
    "polars": "import polars; polars.read_csv(path)",
}


def write(path: Path, rows: int) -> None:
    """Write a CSV with a user per 150 rows and 60,000 items."""
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv  # noqa: PLC0415

    rng = np.random.default_rng(0)
    columns = {
        "userId": rng.integers(0, rows // 150 + 2, rows),
        "movieId": rng.integers(0, 60_000, rows),
        "rating": rng.integers(1, 11, rows) / 2,
        "timestamp": rng.integers(1_000_000_000, 1_574_000_000, rows),
    }
    csv.write_csv(pa.table(columns), path)


def measure(reader: str, path: Path) -> dict[str, float]:
    """Return the seconds and the peak of memory of one reader, in this process."""
    code = compile(READERS[reader], reader, "exec")
    start = perf_counter()
    exec(code, {"path": str(path)})  # noqa: S102 -- one of the lines above
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "seconds": round(perf_counter() - start, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_gb": round(usage.ru_maxrss * 1024 / 1e9, 2),
    }


def main() -> None:
    """Run all readers and print, or write, what they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=25_000_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--reader", choices=READERS)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.reader:
        print(json.dumps(measure(given.reader, given.file)))
        return
    found: dict[str, object] = {
        "rows": given.rows,
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),  # what else ran: seconds mean little above 0
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ratings.csv"
        write(path, given.rows)
        for reader in READERS:
            if find_spec(reader) is not None:
                command = [sys.executable, __file__, "--reader", reader, "--file", str(path)]
                done = subprocess.run(command, capture_output=True, text=True, check=True)
                found[reader] = json.loads(done.stdout)
    text = json.dumps(found, indent=2)
    print(text)
    if given.out:
        given.out.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()

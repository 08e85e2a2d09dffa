"""What the defaults reach on data that nobody tuned for, and how they were chosen.

    python benchmarks/defaults.py choose --data ml-100k --data films=ratings.csv
    python benchmarks/defaults.py table  --data ml-100k --data films=ratings.csv [--seeds 3]
    python benchmarks/defaults.py show

Data sets by name or as NAME=FILE; names and numbers alone are written. ``choose`` trains every
candidate for the defaults for 250 rounds without compression and reads the validation item only.
``table`` trains the defaults and reads the test item. Both go on where they were stopped. ``show``
writes the tables, and what had been lost by choosing on six data sets for the other three.
"""

import argparse
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import combinations, product
from math import exp, log
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

from measure import RESULTS

from fedras.components import make_config
from fedras.run.training import open_run

FOLDER = RESULTS / "defaults"
PLAIN = {"method": "base", "compression_rate": 0.0}
EXTREMES: dict[str, dict[str, Any]] = {
    "very sparse": {"users": 5000, "items": 10000, "interactions": 30000},
    "very popular": {"users": 2000, "items": 1000, "interactions": 60000, "zipf": 1.6},
}
CANDIDATES = [
    {"dim": dim, "weight_decay": decay}
    for dim, decay in ((64, 0.01), (64, 0.02), (64, 0.04), (32, 0.02))
]
CHOOSING = PLAIN | {"validation": True, "rounds": 250}
VARIANTS: dict[str, dict[str, Any]] = {
    "uncompressed": PLAIN,
    "96.88 %": {},
    "8 actions": {"actions": 8, "error_feedback": True},
}
Row = dict[str, Any]


def main() -> None:
    """Do what is left of the rows that are asked for, or show what there is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("what", choices=["choose", "table", "show"])
    parser.add_argument("--data", action="append", default=[], metavar="NAME[=FILE]")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    if given.what != "show":
        asked = choosing(given.data) if given.what == "choose" else testing(given.data, given.seeds)
        work_off(FOLDER / f"{given.what}.jsonl", list(asked), given.jobs)
    show()


def choosing(names: list[str]) -> Iterator[Row]:
    """Yield a row to be filled for each data set and candidate."""
    for candidate, name in product(CANDIDATES, names):
        named = {"data": name.partition("=")[0], "is": candidate, "seed": 0}
        yield named | _asked(name, CHOOSING | candidate)


def testing(names: list[str], seeds: int) -> Iterator[Row]:
    """Yield a row to be filled for each data set, variant and seed."""
    for seed, name, variant in product(range(seeds), names, VARIANTS):
        named = {"data": name.partition("=")[0], "is": variant, "seed": seed}
        yield named | _asked(name, VARIANTS[variant] | {"seed": seed})


def _asked(name: str, options: dict[str, Any]) -> Row:
    label, _, path = name.partition("=")
    data = {"dataset": "synthetic"} | EXTREMES[label] if label in EXTREMES else {}
    return {"asked": {"dataset": path or label} | data | options | {"threads": 1}}


def work_off(path: Path, rows: list[Row], jobs: int) -> None:
    """Fill the rows that the file does not have yet, and append them."""
    path.parent.mkdir(exist_ok=True)
    done = {key(row) for row in read(path)}
    left = [row for row in rows if key(row) not in done]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool, path.open("a") as file:
        for finished in as_completed([pool.submit(fill, row) for row in left]):
            row = finished.result()
            file.write(json.dumps(row) + "\n")
            file.flush()
            quality = row.get("metrics") or row["validation"]
            print(row["data"], row["is"], row["seed"], f"{quality['ndcg@10']:.4f}", flush=True)


def fill(row: Row) -> Row:
    """Train, and return the row without what names files, with all that was found."""
    asked = row.pop("asked")
    run = open_run(make_config(asked))
    for _ in run.rounds():
        pass
    schedule = run.federation.server.schedule
    said = {"rounds": run.round, "context": schedule.context, "seconds": run.totals.seconds}
    if asked.get("validation"):
        return row | said | {"validation": run.lines[-1] | {"best": schedule.best}}
    summary = run.summary()
    kept = ("metrics", "metrics_full", "bill", "participation_compression_rate", "versions")
    found = {name: summary[name] for name in kept}
    return row | said | found | ({} if row["seed"] else {"baselines": summary["baselines"]})


def key(row: Row) -> tuple[str, str, int]:
    """Return what tells a row from others."""
    return row["data"], json.dumps(row["is"]), row["seed"]


def read(path: Path) -> list[Row]:
    """Return the rows of a file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def show() -> None:
    """Write the tables beside the rows."""
    text = "# What the defaults were chosen from, and what they reach\n\n"
    text += f"{chosen(read(FOLDER / 'choose.jsonl'))}\n{reached(read(FOLDER / 'table.jsonl'))}"
    (FOLDER / "table.md").write_text(text)
    print(text)


def chosen(rows: list[Row]) -> str:
    """Return what each candidate reaches, and what choosing on other data would have lost."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["data"], {})[json.dumps(row["is"])] = row["validation"]["ndcg@10"]
    names = [name for name, each in found.items() if len(each) == len(CANDIDATES)]
    labels = list(map(json.dumps, CANDIDATES))
    lines = ["NDCG@10 of the validation item after 250 rounds, uncompressed, seed 0", ""]
    lines += table(
        ["dim, weight decay", *names],
        [
            ["{dim}, {weight_decay}".format(**json.loads(label))]
            + [f"{found[name][label]:.4f}" for name in names]
            for label in labels
        ],
    )
    if len(names) > 3:
        lost = []
        for held in combinations(names, 3):
            rest = [name for name in names if name not in held]
            best = max(labels, key=lambda label: fmean(log(found[n][label]) for n in rest))
            lost += [1 - found[name][best] / max(found[name].values()) for name in held]
        whole = max(labels, key=lambda label: fmean(log(found[n][label]) for n in names))
        mean = 1 - exp(fmean(log(1 - each) for each in lost))
        lines += [
            "",
            f"Best in the geometric mean over all: {whole}. Chosen on all but three, for each "
            f"choice of three, those three lose {mean:.1%} of their own best on average, "
            f"{max(lost):.1%} at most.",
        ]
    return "\n".join([*lines, ""])


def reached(rows: list[Row]) -> str:
    """Return what the defaults reach beside the baselines, sampled and in full."""
    lines = []
    for kind, title in (("metrics", "99 sampled items"), ("metrics_full", "all items")):
        lines += ["", f"NDCG@10 of the test item against {title}; mean of the seeds", ""]
        cells = []
        for name in dict.fromkeys(row["data"] for row in rows):
            mine = [row for row in rows if row["data"] == name]
            base: Row = next((row["baselines"] for row in mine if row.get("baselines")), {})
            simple = {n: each[kind]["ndcg@10"] for n, each in base.items() if kind in each}
            best = max(simple.values(), default=0.0)
            line = [name, *(f"{simple[n]:.4f}" if n in simple else "" for n in BASELINES)]
            means = {}
            for variant in VARIANTS:
                own = [row[kind]["ndcg@10"] for row in mine if row["is"] == variant]
                means[variant] = fmean(own) if own else 0.0
                line.append(f"{means[variant]:.4f} ({len(own)})" if own else "")
            plain = means["uncompressed"]
            line.append(f"{plain / best:.1%}" if plain and best else "")
            line.append(f"{means['8 actions'] / plain:.1%}" if plain and means["8 actions"] else "")
            cells.append(line)
        heads = [*VARIANTS, "uncompressed / best", "8 actions / uncompressed"]
        lines += table(["data", *BASELINES, *heads], cells)
    return "\n".join([*lines, ""])


BASELINES = ("popularity", "item-knn", "ease", "ials")


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *rows)]


if __name__ == "__main__":
    main()

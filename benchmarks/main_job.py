"""The README's result table: FedRAS with MF at the paper's rates, with few actions, uncompressed.

python benchmarks/main_job.py
"""

from pathlib import Path
from statistics import mean
from typing import Any

from runs import Row, rows

from fedras.report.sections import replace_section

README = Path(__file__).parent.parent / "README.md"
FEW = {"error_feedback": True}
SEEDS = {"ml-100k": tuple(range(10)), "ml-1m": (0,)}
LINES: list[tuple[str, str, Row, str]] = [  # the paper's values: Table 1; uncompressed: Table 4
    ("ml-100k", "none", {"compression_rate": 0.0}, "0.6394 / 0.3425"),
    ("ml-100k", "90.63%", {"compression_rate": 0.9063}, "0.6341 / 0.3540"),
    ("ml-100k", "96.88%", {"compression_rate": 0.9688}, "0.6299 / 0.3459"),
    ("ml-100k", "8 actions, error feedback", {"actions": 8, **FEW}, ""),
    ("ml-100k", "2 actions, error feedback", {"actions": 2, **FEW}, ""),
    ("ml-1m", "none", {"compression_rate": 0.0}, ""),
    ("ml-1m", "96.88%", {"compression_rate": 0.9688}, "0.6496 / 0.3711"),
    ("ml-1m", "8 actions, error feedback", {"actions": 8, **FEW}, ""),
]


def main() -> None:
    """Run what is missing and write the table."""
    groups = [
        [{"dataset": dataset, **options, "seed": seed} for seed in SEEDS[dataset]]
        for dataset, _, options, _ in LINES
    ]
    done = iter(rows("main-job", [given for group in groups for given in group]))
    table = [
        "| data | compression | HR@10 / NDCG@10 | paper | full ranking | CR of all bytes "
        "| CR at participation | bytes up, down | seeds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (dataset, label, _, paper), group in zip(LINES, groups, strict=True):
        mine = [next(done)["summary"] for _ in group]
        table.append("| " + " | ".join([dataset, label, *_cells(mine, paper)]) + " |")
    replace_section(README, "main job", "\n".join(table) + "\n")


def _cells(mine: list[Row], paper: str) -> list[str]:
    """Return what the table shows of runs that differ in their seeds."""

    def average(*path: str) -> float:
        values: list[Any] = mine
        for name in path:
            values = [value[name] for value in values]
        return float(mean(values))

    def pair(name: str) -> str:
        return " / ".join(f"{average(name, metric):.4f}" for metric in ("hr@10", "ndcg@10"))

    up, down = (average(f"{way}_bytes_per_client_round") for way in ("uplink", "downlink"))
    return [
        pair("metrics"),
        paper,
        pair("metrics_full"),
        f"{average('wire_compression_rate'):.2%}",
        f"{average('participation_compression_rate'):.2%}",
        f"{up:,.0f}, {down:,.0f}",
        str(len(mine)),
    ]


if __name__ == "__main__":
    main()

"""The README's result table: FedRAS with MF at the paper's rates, and uncompressed.

python benchmarks/main_job.py
"""

from pathlib import Path
from statistics import mean

from runs import Row, replace_section, rows

README = Path(__file__).parent.parent / "README.md"
PAPER = {  # Table 1, and Table 4 for the row without compression
    ("ml-100k", 0.0): "0.6394 / 0.3425",
    ("ml-100k", 0.9063): "0.6341 / 0.3540",
    ("ml-100k", 0.9688): "0.6299 / 0.3459",
    ("ml-1m", 0.0): "",
    ("ml-1m", 0.9688): "0.6496 / 0.3711",
}
SEEDS = {"ml-100k": (0, 1, 2), "ml-1m": (0,)}


def main() -> None:
    """Run what is missing and write the table."""
    wanted = [
        {"dataset": dataset, "compression_rate": rate, "seed": seed}
        for dataset, rate in PAPER
        for seed in SEEDS[dataset]
    ]
    done = rows("main-job", wanted)
    table = [
        "| data | compression rate | HR@10 / NDCG@10 | paper | full ranking | CR of all bytes "
        "| bytes up, down | seeds |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(done, dataset, rate) for dataset, rate in PAPER),
    ]
    replace_section(README, "main job", "\n".join(table) + "\n")


def _line(done: list[Row], dataset: str, rate: float) -> str:
    given = {"dataset": dataset, "compression_rate": rate}
    mine = [row["summary"] for row in done if given.items() <= row["given"].items()]

    def average(*path: str) -> float:
        values = mine
        for name in path:
            values = [value[name] for value in values]
        return mean(values)  # type: ignore[type-var]

    def pair(name: str) -> str:
        return " / ".join(f"{average(name, metric):.4f}" for metric in ("hr@10", "ndcg@10"))

    up, down = (average(f"{way}_bytes_per_client_round") for way in ("uplink", "downlink"))
    cells = [
        dataset,
        f"{rate:.2%}" if rate else "none",
        pair("metrics"),
        PAPER[dataset, rate],
        pair("metrics_full"),
        f"{average('wire_compression_rate'):.2%}",
        f"{up:,.0f}, {down:,.0f}",
        str(len(mine)),
    ]
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()

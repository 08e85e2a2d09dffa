"""Quality against real bytes: every method at several rates, on ML-100K with MF.

    python benchmarks/quality_bytes.py

Each family of runs takes the learning rate that is best for its middle point on the validation
item, all from the same grid; then its points run with the test item. The figure needs matplotlib.
"""

from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.ticker import FuncFormatter
from runs import RESULTS, Row, rows

RATES = (1.5, 3.0, 5.0)
SEEDS = (0, 1, 2)
FEEDBACK = {"error_feedback": True}
FIGURE = Path(__file__).parent.parent / "docs" / "quality-bytes.svg"
FEW = [{"error_feedback": True, "actions": actions} for actions in (2, 4, 8, 16, 32)]
LOWEST = {"hr": 0.45, "ndcg": 0.25}  # of the figure; what lies below is in the table


def by_rate(method: str, *rates: float, **options: object) -> list[Row]:
    """Return a point for each compression rate."""
    return [{"method": method, "compression_rate": rate, **options} for rate in rates]


HALF, QUARTER, EIGHTH, TWO, ONE = 0.5, 0.75, 0.875, 0.9375, 0.96875
FAMILIES: dict[str, list[Row]] = {
    "FedRAS": by_rate("fedras", 0.75, 0.9063, 0.9375, 0.9688, 0.9844),
    "FedRAS, K actions, EF": [{"method": "fedras", **point} for point in FEW],
    "FedRAS-E": by_rate("fedras-e", 0.9375),
    "FedRAS-F": by_rate("fedras-f", 0.9375),
    "FedRAS-T": by_rate("fedras-t", 0.9375),
    "Base": by_rate("base", HALF, QUARTER, EIGHTH, TWO),
    "TopK": by_rate("topk", QUARTER, EIGHTH, TWO, ONE),
    "TopK, EF": by_rate("topk", QUARTER, EIGHTH, TWO, ONE, **FEEDBACK),
    "SVD": by_rate("svd", QUARTER, EIGHTH, TWO, ONE),
    "CoLR": by_rate("colr", HALF, QUARTER, EIGHTH, TWO, ONE),
    "JointRec": by_rate("jointrec", QUARTER, EIGHTH, TWO, ONE),
    "LightFR": by_rate("lightfr", EIGHTH, TWO, ONE),
    "RCR": by_rate("rcr", HALF, QUARTER, EIGHTH, TWO),
    "RSC": by_rate("rsc", HALF, QUARTER, EIGHTH, TWO),
    "PowerSGD, EF": by_rate("powersgd", QUARTER, EIGHTH, TWO, ONE, **FEEDBACK),
    "PowerSGD of rank 1, 8 to 1 bit, EF": [
        *by_rate("powersgd", ONE, **FEEDBACK, numbers="q8n"),
        *by_rate("powersgd", ONE, **FEEDBACK, numbers="q4n"),
        *by_rate("powersgd", ONE, **FEEDBACK, numbers="drive"),
    ],
    "16 to 1 bit a number": [
        *by_rate("base", 0.0, numbers="f16"),
        *by_rate("base", 0.0, numbers="q8"),
        *by_rate("base", 0.0, numbers="q4"),
        *by_rate("base", 0.0, numbers="drive"),
    ],
    "16 to 1 bit a number, EF": [
        *by_rate("base", 0.0, **FEEDBACK, numbers="q8n"),
        *by_rate("base", 0.0, **FEEDBACK, numbers="q4n"),
        *by_rate("base", 0.0, **FEEDBACK, numbers="drive"),
        *by_rate("base", 0.0, **FEEDBACK, numbers="sign"),
    ],
    "uncompressed": by_rate("base", 0.0),
}


def main() -> None:
    """Run what is missing; write the table and the figure."""
    middle = {family: points[len(points) // 2] for family, points in FAMILIES.items()}
    trials = rows(
        "quality-bytes-tuning",
        [
            {**point, "validation": True, "learning_rate": rate, "seed": 0, "eval_every": 500}
            for point in middle.values()
            for rate in RATES
        ],
    )
    best = {
        family: max(RATES, key=lambda rate: _ndcg(_select(trials, point, rate)))
        for family, point in middle.items()
    }
    runs = rows(
        "quality-bytes",
        [
            {**point, "learning_rate": best[family], "seed": seed, "eval_every": 500}
            for seed in SEEDS
            for family, points in FAMILIES.items()
            for point in points
        ],
    )
    table = {
        family: [_averages(_select(runs, point, best[family])) for point in points]
        for family, points in FAMILIES.items()
    }
    _write_table(table, best)
    _draw(table)


def _select(done: Iterable[Row], point: Row, rate: float) -> list[Row]:
    """Return the runs of a point at a learning rate, whatever the seed."""
    free = ("seed", "eval_every", "validation")
    wanted = {**point, "learning_rate": rate}
    return [
        row for row in done if {k: v for k, v in row["given"].items() if k not in free} == wanted
    ]


def _ndcg(done: list[Row]) -> float:
    return fmean(row["summary"]["metrics"]["ndcg@10"] if "summary" in row else 0.0 for row in done)


def _averages(done: list[Row]) -> Row:
    """Return what is shown of a point: means over its seeds; zeros where one of them diverged."""
    if any("error" in row for row in done):
        return {"given": done[0]["given"], "hr": 0.0, "ndcg": 0.0, "wire": 0.0, "taken": 0.0}
    summaries = [row["summary"] for row in done]

    def average(*names: str) -> float:
        return fmean(sum(summary[name] for name in names) for summary in summaries)

    up = "uplink_bytes_per_client_round"
    return {
        "given": done[0]["given"],
        "hr": fmean(summary["metrics"]["hr@10"] for summary in summaries),
        "ndcg": fmean(summary["metrics"]["ndcg@10"] for summary in summaries),
        "up": average(up),
        "down": average("downlink_bytes_per_client_round"),
        "wire": average("wire_compression_rate"),
        "taken": average("participation_compression_rate"),
        "whole": average("uncompressed_bytes_per_client_round"),
    }


def _label(given: Row) -> str:
    """Return what tells a point from the others of its family."""
    if "actions" in given:
        return f"K = {given['actions']}"
    return f"{given['compression_rate']:.2%}" + (
        f", {given['numbers']}" if "numbers" in given else ""
    )


def _write_table(table: dict[str, list[Row]], best: dict[str, float]) -> None:
    lines = [
        "# Quality against real bytes",
        "",
        f"ML-100K, MF, 500 rounds, mean of {len(SEEDS)} seeds; test item. Bytes are what a client",
        "sends and receives per round if every client hears every round; the two rates count all",
        "bytes, the second of clients that download only what they need to take part. Each family",
        f"has one of the learning rates {', '.join(map(str, RATES))}: the best on the validation",
        "item at its middle point, with one seed. Written by `python benchmarks/quality_bytes.py`;",
        "runs in `quality-bytes.jsonl`.",
        "",
        "| method | learning rate | point | HR@10 / NDCG@10 | bytes up, down | CR of all bytes "
        "| CR at participation |",
        "|---|---|---|---|---|---|---|",
    ]
    for family, points in table.items():
        for point in points:
            cells = [family, str(best[family]), _label(point["given"])]
            if point["hr"]:
                cells += [
                    f"{point['hr']:.4f} / {point['ndcg']:.4f}",
                    f"{point['up']:,.0f}, {point['down']:,.0f}",
                    f"{point['wire']:.2%}",
                    f"{point['taken']:.2%}",
                ]
            else:
                cells += ["diverged", "", "", ""]
            lines.append("| " + " | ".join(cells) + " |")
    (RESULTS / "quality-bytes.md").write_text("\n".join(lines) + "\n", "utf-8")


def _draw(table: dict[str, list[Row]]) -> None:
    """Draw both metrics over the bytes; text stays text, and the file is the same each time."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "fedras", "font.size": 9})
    figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    markers = "os^vDPX*<>"
    for axis, metric, name in zip(axes, ("hr", "ndcg"), ("HR@10", "NDCG@10"), strict=True):
        for number, (family, points) in enumerate(table.items()):
            ours = family == "FedRAS, K actions, EF"
            drawn = [
                (2 * (1 - point["wire"]) * point["whole"], point[metric])
                for point in points
                if point["hr"]
            ]
            axis.plot(
                *zip(*sorted(drawn), strict=True),
                marker=markers[number % len(markers)],
                color="black" if ours else mpl.colormaps["tab20"](number % 20),
                linewidth=2.5 if ours else 1.2,
                markersize=5,
                label=family,
            )
        axis.set_xscale("log")
        axis.set_ylim(bottom=LOWEST[metric])
        axis.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size / 1000:g} kB"))
        axis.set_xlabel("bytes per client and round, up and down")
        axis.set_ylabel(name)
        axis.grid(visible=True, alpha=0.3)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center")
    figure.savefig(FIGURE, metadata={"Date": None})


if __name__ == "__main__":
    main()

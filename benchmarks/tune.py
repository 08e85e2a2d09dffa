"""Choose learning rate, its fall and weight decay on the validation item of ML-100K.

    python benchmarks/tune.py

Every configuration is run at full precision and at 96.88 %, each with the same seeds and rounds;
the best mean NDCG@10 over both wins. The test item is not in the data that these runs see.
"""

from itertools import product
from statistics import mean

from runs import RESULTS, Row, rows

GRID = [*product((1.5, 3.0, 5.0), (0.003, 0.007, 0.012), (0.1,)), (3.0, 0.007, 1.0)]
RATES = (0.0, 0.9688)
SEEDS = (0, 1)
DIVERGED = {"hr@10": 0.0, "ndcg@10": 0.0}


def main() -> None:
    """Run the grid and write ``results/tuning.md``."""
    wanted = [
        {
            "validation": True,
            "learning_rate": rate,
            "weight_decay": decay,
            "final_learning_rate": final,
            "compression_rate": compression,
            "seed": seed,
            "eval_every": 500,
        }
        for (rate, decay, final), compression, seed in product(GRID, RATES, SEEDS)
    ]
    done = rows("tuning", wanted)
    table = sorted((_score(done, point) for point in GRID), reverse=True)
    lines = [
        "# Tuning on the validation item",
        "",
        "ML-100K, MF, 500 rounds, mean of seeds 0 and 1; HR@10 / NDCG@10. Written by",
        "`python benchmarks/tune.py`; runs in `tuning.jsonl`.",
        "",
        "| learning rate | weight decay | final share | uncompressed | FedRAS, CR 96.88 % |",
        "|---|---|---|---|---|",
        *(line for _, line in table),
    ]
    (RESULTS / "tuning.md").write_text("\n".join(lines) + "\n", "utf-8")


def _score(done: list[Row], point: tuple[float, float, float]) -> tuple[float, str]:
    names = ("learning_rate", "weight_decay", "final_learning_rate")
    cells, ndcgs = [], []
    for rate in RATES:
        mine = [
            row["summary"]["metrics"] if "summary" in row else DIVERGED
            for row in done
            if tuple(row["given"][name] for name in names) == point
            and row["given"]["compression_rate"] == rate
        ]
        hr, ndcg = (mean(metrics[name] for metrics in mine) for name in ("hr@10", "ndcg@10"))
        ndcgs.append(ndcg)
        cells.append(f"{hr:.4f} / {ndcg:.4f}" if DIVERGED not in mine else "diverged")
    return mean(ndcgs), "| " + " | ".join([*map(str, point), *cells]) + " |"


if __name__ == "__main__":
    main()

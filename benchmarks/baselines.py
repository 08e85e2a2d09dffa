"""What popularity, item-KNN, EASE and iALS reach, tuned on validation, next to `implicit`.

Data sets by name or as NAME=FILE; names and numbers alone are written. `implicit` is left out where
it is not installed.

python benchmarks/baselines.py --data ml-100k --data films=ratings.csv
"""

import argparse
import importlib.util
import json
import os
from typing import Any, ClassVar

import numpy as np
from measure import RESULTS
from pydantic import Field

from fedras import data
from fedras.arrays import Float32s, Int64s
from fedras.baselines import BASELINES, Baseline, Rows
from fedras.baselines.comparison import Ranking, measured
from fedras.config import Config
from fedras.evaluation.evaluation import Scores

OUT = RESULTS / "baselines.json"


def main() -> None:
    """Measure each data set and keep what was found of the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", action="append", required=True, metavar="NAME[=FILE]")
    parser.add_argument("--only", action="append", metavar="BASELINE")
    arguments = parser.parse_args()
    for each in arguments.data:
        name, _, path = each.partition("=")
        found = measure(data.load(path or name), arguments.only)
        kept = json.loads(OUT.read_text()) if OUT.exists() else {}
        kept[name] = kept.get(name, {}) | {key: _timeless(value) for key, value in found.items()}
        OUT.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
        show(name, found)


def measure(interactions: data.Interactions, only: list[str] | None) -> dict[str, Any]:
    """Return how large the data is and what each baseline reaches."""
    kinds = {name: BASELINES.get(name) for name in BASELINES.names()}
    if importlib.util.find_spec("implicit"):
        kinds |= {"implicit ALS": ImplicitALS, "implicit cosine": ImplicitCosine}
    tuning, final = (Ranking(interactions, Config(), validation) for validation in (True, False))
    return {
        "users": interactions.n_users,
        "items": interactions.n_items,
        "interactions": len(interactions),
    } | {name: measured(kinds[name], tuning, final) for name in only or kinds}


def _timeless(found: Any) -> Any:
    """Return what does not change with what else the machine does."""
    return {k: v for k, v in found.items() if k != "seconds"} if isinstance(found, dict) else found


def show(name: str, found: dict[str, Any]) -> None:
    """Print a line for each baseline."""
    for baseline, each in found.items():
        if isinstance(each, dict) and "metrics" in each:
            quality = " / ".join(
                f"{each[kind][metric]:.4f}"
                for kind in ("metrics", "metrics_full")
                for metric in ("hr@10", "ndcg@10")
            )
            settings = " ".join(f"{key}={value}" for key, value in each["settings"].items())
            print(f"{name:16} {baseline:16} {quality}  {each['seconds']:6.1f} s  {settings}")


class ImplicitALS(Baseline):
    """The alternating least squares of `implicit`, with its own solver and regularisation."""

    title: ClassVar[str] = "implicit ALS"
    citation: ClassVar[str] = "https://github.com/benfred/implicit"
    axes: ClassVar[dict[str, tuple[float, ...]]] = {
        "factors": (16, 32, 64, 128),
        "alpha": (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0),
        "regularization": (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0),
    }
    factors: int = 64
    alpha: float = 10.0
    regularization: float = 3.0

    def fit(self, rows: Rows) -> Scores:
        """Fit on two threads."""
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 -- may not be there

        model = AlternatingLeastSquares(
            **self.model_dump(), iterations=15, random_state=0, num_threads=os.cpu_count()
        )
        model.fit(_sparse(rows), show_progress=False)
        return lambda users: np.asarray(model.user_factors[users] @ model.item_factors.T)


class ImplicitCosine(Baseline):
    """The cosine neighbours of `implicit`."""

    title: ClassVar[str] = "implicit cosine"
    citation: ClassVar[str] = "https://github.com/benfred/implicit"
    axes: ClassVar[dict[str, tuple[float, ...]]] = {"neighbours": (10, 20, 50, 100, 200, 400)}
    neighbours: int = Field(100)

    def fit(self, rows: Rows) -> Scores:
        """Fit on two threads."""
        from implicit.nearest_neighbours import (  # noqa: PLC0415 -- may not be there
            CosineRecommender,
        )

        matrix = _sparse(rows)
        model = CosineRecommender(K=self.neighbours, num_threads=os.cpu_count())
        model.fit(matrix, show_progress=False)

        def scores(users: Int64s) -> Float32s:
            return np.asarray((matrix[users] @ model.similarity).todense(), np.float32)

        return scores


def _sparse(rows: Rows) -> Any:
    from scipy.sparse import csr_matrix  # noqa: PLC0415 -- may not be there

    ones = np.ones(len(rows.columns), np.float32)
    return csr_matrix((ones, rows.columns, rows.indptr), (len(rows), rows.width))


if __name__ == "__main__":
    main()

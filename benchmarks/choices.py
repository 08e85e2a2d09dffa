"""What a vector folded in is worth, and what formats for the scoring model cost and keep.

python benchmarks/choices.py fold-in scoring
"""

import sys

from measure import RESULTS, Result, described, keep, machine, wrapped

from fedras.config import Config
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.experiments.task import in_paper
from fedras.federation.fold_in import fold_in
from fedras.federation.simulator import Simulation
from fedras.report.sections import replace_section

DOCS = RESULTS.parent / "docs"
RUNS = {
    "MF, FedRAS": {},
    "MF, CoLR": {"method": "colr"},
    "MF, LightFR": {"method": "lightfr"},
    "NCF, FedRAS": {"model": "ncf"},
}
FORMATS = ("f32", "q8", "q4", "q4n", "sign", "drive")
LAST = 5  # evaluations whose mean counts


def folded() -> Result:
    """Fold in every user of ML-100K, after a run of each kind."""
    found: Result = {"made_on": machine()}
    for name, options in RUNS.items():
        config = Config.model_validate(options | {"monitor": "test", "baselines": False})
        simulation = Simulation(config)
        for _ in range(config.rounds):
            simulation.step()
        silo, split = simulation.silo, simulation.split
        evaluation = Evaluation(simulation.interactions, split, config.eval_negatives)
        vectors = {
            "trained": silo.vectors,
            "folded in": fold_in(silo, silo.clients, split.indptr, split.items),
        }
        found[name] = {
            way: evaluation.sampled(
                silo.model, Ranked(each, silo.replicas, silo.scoring, silo.stream)
            )
            for way, each in vectors.items()
        }
    return found


def folded_table(found: Result) -> str:
    """Return what `folded` found as a table."""
    lines = ["| run | trained in rounds | folded in |", "|---|---|---|"]
    for name in RUNS:
        cells = [_quality(found[name][way]) for way in ("trained", "folded in")]
        lines.append(f"| {' | '.join([name, *cells])} |")
    return _page(
        lines, found, "fold-in", "HR@10 / NDCG@10 of the test item, scored without a context."
    )


def scoring() -> Result:
    """Train NCF on ML-100K's validation item with each format."""
    found: Result = {"made_on": machine()}
    for name in FORMATS:
        options = {"model": "ncf", "scoring_numbers": name, "validation": True, "baselines": False}
        config = Config.model_validate(in_paper(options))
        simulation = Simulation(config)
        measured, uploads, clients = [], {"scoring": 0, "all": 0}, 0
        for round_ in range(1, config.rounds + 1):
            sent = simulation.step().uplink
            clients += sent.clients
            uploads["scoring"] += sent.sent["scoring"]
            uploads["all"] += sum(sent.sent.values())
            if round_ % config.eval_every == 0:
                measured.append(simulation.evaluate().sampled)
        found[name] = {
            key: sum(each[key] for each in measured[-LAST:]) / LAST for key in ("hr@10", "ndcg@10")
        } | {key: total / clients for key, total in uploads.items()}
    return found


def scoring_table(found: Result) -> str:
    """Return what `scoring` found as a table."""
    lines = ["| format | HR@10 / NDCG@10 | bytes of θ | of an upload |", "|---|---|---|---|"]
    for name in FORMATS:
        each = found[name]
        lines.append(f"| {name} | {_quality(each)} | {each['scoring']:,.0f} | {each['all']:,.0f} |")
    return _page(
        lines, found, "scoring", "Mean of the last five evaluations of the validation item."
    )


def _page(lines: list[str], found: Result, name: str, what: str) -> str:
    made = f"ML-100K, seed 0; {described(found['made_on'])}; all in `results/{name}.json`."
    return "\n".join([*lines, "", wrapped(what, made), ""])


def _quality(metrics: Result) -> str:
    return f"{metrics['hr@10']:.4f} / {metrics['ndcg@10']:.4f}"


PLACES = {
    "fold-in": (folded, folded_table, DOCS / "recommending.md"),
    "scoring": (scoring, scoring_table, DOCS / "paper-notes.md"),
}


def main() -> None:
    """Measure what is named, and write it into the documents."""
    for name in sys.argv[1:]:
        measure, table, document = PLACES[name]
        found = measure()
        keep(name, found)
        replace_section(document, name, table(found))


if __name__ == "__main__":
    main()

"""Quality while a fifth of the clients sends what does harm, with the defences and without.

    python studies/hostile.py

Writes ``results/hostile.jsonl``, a line for each run as soon as it is done, so that work can be
resumed, and the table of ``docs/security.md``.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from statistics import mean
from typing import Any
from unittest.mock import patch

from attacks import ATTACKS, attacked, hostile
from rich.progress import track

from fedras.arrays import Int64s
from fedras.components import make_config
from fedras.errors import PayloadError
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.experiments.task import in_paper
from fedras.federation import checks
from fedras.federation.checks import Learnt
from fedras.federation.reading import decode
from fedras.federation.server import Server
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Traffic, Upload
from fedras.report.sections import replace_section
from fedras.run.run import Run
from fedras.run.training import open_run

ROOT = Path(__file__).parent.parent
PAGE, KEPT = ROOT / "docs" / "security.md", ROOT / "results" / "hostile.jsonl"
Row = dict[str, Any]
SETTINGS: dict[str, Row] = {
    "CR 96.88 %": {},
    "8 actions, error feedback": {"actions": 8, "error_feedback": True},
}
DEFENCES: Row = {"norm_bound": 2.0, "reputation": True}
SEEDS = (0, 1, 2)
NOBODY = "nobody is hostile"


def main() -> None:
    """Run what is missing and write the table."""
    attacks = [NOBODY, *ATTACKS]
    cases = list(product(attacks, SETTINGS, (False, True)))
    wanted = [_given(*case, seed) for seed in SEEDS for case in cases]
    done = rows(wanted)
    found = {case: done[i :: len(cases)] for i, case in enumerate(cases)}
    columns = " | ".join(f"{setting}: undefended | defended" for setting in SETTINGS)
    lines = [f"| hostile clients send | {columns} |", "|---" * (1 + 2 * len(SETTINGS)) + "|"]
    for attack in attacks:
        cells = [
            _cell(found[attack, setting, defended], found[NOBODY, setting, False])
            for setting, defended in product(SETTINGS, (False, True))
        ]
        lines.append("| " + " | ".join([attack, *cells]) + " |")
    replace_section(PAGE, "hostile", "\n".join(lines) + "\n")


def rows(wanted: list[Row]) -> list[Row]:
    """Return a row per wanted configuration, in order, from `KEPT` or new work."""
    lines = KEPT.read_text("utf-8").splitlines() if KEPT.exists() else []
    done = {_key(row["given"]): row for row in map(json.loads, lines)}
    missing = [given for given in wanted if _key(given) not in done]
    with ProcessPoolExecutor() as pool, KEPT.open("a", encoding="utf-8") as file:
        for row in track(pool.map(work, missing), description="hostile", total=len(missing)):
            file.write(json.dumps(row) + "\n")
            file.flush()
            done[_key(row["given"])] = row
    return [done[_key(given)] for given in wanted]


def _key(given: Row) -> str:
    return json.dumps(given, sort_keys=True)


def unchecked(
    server: Server, cohort: Int64s, uploads: Sequence[Upload], traffic: Traffic
) -> Learnt:
    """Believe all that can be read, as a server without any defence does."""
    updates, changes = decode(server, cohort, uploads, traffic)
    return Learnt(server.average(updates), server.average_scoring(changes), Counter(), 0)


def work(given: Row) -> Row:
    """Train under an attack; return the summary and the quality of the honest clients."""
    options = {name: value for name, value in given.items() if name != "attack"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        run = open_run(make_config(in_paper({**options, "threads": 1})), path)
        simulation = run.federation
        if given["attack"] != NOBODY:
            simulation.transport = attacked(
                simulation.server, simulation.transport, ATTACKS[given["attack"]]
            )
        learn = checks.learn if DEFENCES.items() <= given.items() else unchecked
        try:
            with patch("fedras.federation.round.learn", learn):
                for _ in run.rounds():
                    pass
        except PayloadError as error:
            return {"given": given, "error": str(error), "round": simulation.round + 1}
        summary: Row = json.loads((path / "summary.json").read_text())
    return {"given": given, "honest": _honest(run), "summary": summary}


def _given(attack: str, setting: str, defended: bool, seed: int) -> Row:
    options = SETTINGS[setting] | (DEFENCES if defended else {})
    return {"attack": attack, **options, "seed": seed, "eval_every": 500}


def _honest(run: Run[Simulation]) -> dict[str, float]:
    """Return the metrics of the clients that are not hostile."""
    simulation = run.federation
    bad = hostile(simulation.server.clients)
    split = simulation.split.without(bad)
    evaluation = Evaluation(simulation.interactions, split, run.config.eval_negatives)
    silo = simulation.silo
    state = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    return evaluation.sampled(simulation.model, state)


def _cell(mine: list[Row], clean: list[Row]) -> str:
    """Return mean metrics of the seeds, and the loss of the worse one against the clean runs."""
    if any("error" in row for row in mine):
        return f"fails in round {min(row['round'] for row in mine if 'error' in row)}"
    names = "hr@10", "ndcg@10"
    own, whole = (
        [mean(row["summary"]["metrics"][name] for row in runs) for name in names]
        for runs in (mine, clean)
    )
    change = min(a / b - 1 for a, b in zip(own, whole, strict=True))
    return f"{own[0]:.4f} / {own[1]:.4f} ({change:+.1%})"


if __name__ == "__main__":
    main()

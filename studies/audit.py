"""What uploads give away, method by method, and what it costs to give away less.

    python studies/audit.py

Trains each setting on ML-100K with the options of the product and as many rounds, and audits it as
``fedras audit`` does. Writes ``results/audit.json`` and the table of ``docs/security.md``, a
setting as soon as it is done, so that work can be resumed; takes half an hour.
"""

import json
from pathlib import Path
from typing import Any

from fedras.audit import audit
from fedras.components import make_config
from fedras.report.sections import replace_section
from fedras.run.resumption import decisive
from fedras.run.summary import versions
from fedras.run.trained import Trained
from fedras.run.training import open_run

ROOT = Path(__file__).parent.parent
PAGE, KEPT = ROOT / "docs" / "security.md", ROOT / "results" / "audit.json"
Row = dict[str, Any]
COMMON: Row = {"dataset": "ml-100k", "rounds": 200, "baselines": False, "patience": 0, "seed": 0}
ACTIONS: Row = {"actions": 8, "error_feedback": True}
NOISE: Row = {"dp_noise_multiplier": 4.0, "dp_clip_norm": 0.5}
SETTINGS: dict[str, Row] = {
    "uncompressed": {"method": "base", "compression_rate": 0.0},
    "FedRAS, CR 96.88 %": {},
    "FedRAS, 8 actions": ACTIONS,
    "TopK, CR 96.88 %": {"method": "topk"},
    "SVD, CR 96.88 %": {"method": "svd"},
    "PowerSGD, rank 1, 4 bits": {
        "method": "powersgd",
        "compression_rate": 1 - 1 / 64,
        "numbers": "q4",
        "error_feedback": True,
    },
    "directions, 500 bytes down": {"method": "directions", "bytes": 500},
    "directions, 500 bytes down, items named": {
        "method": "directions",
        "bytes": 500,
        "negatives_from": "server",
    },
    "32 actions, added up on 10 nodes": ACTIONS | {"actions": 32, "summing_nodes": 10},
    "uncompressed, added up on 10 nodes": {
        "method": "base",
        "compression_rate": 0.0,
        "summing_nodes": 10,
    },
    "8 actions, noise, rows visible": ACTIONS | NOISE | {"dp_all_rows": False},
    "8 actions, little noise, rows hidden": ACTIONS
    | {"dp_noise_multiplier": 0.001, "dp_clip_norm": 0.5},
    "8 actions, some noise, rows hidden": ACTIONS
    | {"dp_noise_multiplier": 0.05, "dp_clip_norm": 0.5},
    "8 actions, noise, rows hidden": ACTIONS | NOISE,
}
USERS = 400
SHOWN = (1, 5)


def main() -> None:
    """Do what is missing and write the table."""
    kept: Row = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {"settings": {}}
    kept |= {"versions": versions(), "users": USERS}
    for name, given in SETTINGS.items():
        config = make_config(COMMON | given)
        options = json.loads(json.dumps(decisive(config)))
        if kept["settings"].get(name, {}).get("config") != options:
            kept["settings"][name] = {"config": options} | measured(COMMON | given)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        replace_section(PAGE, "audit", table(kept["settings"]))


def measured(given: Row) -> Row:
    """Train and audit."""
    run = open_run(make_config(given))
    for _ in run.rounds():
        pass
    trained = Trained(run)
    summary = trained.summary
    return {
        "ndcg@10": summary["metrics"]["ndcg@10"],
        "sent": summary["uplink_bytes_per_client_round"],
        "received": summary["downlink_bytes_per_client_round"],
        "epsilon": summary.get("privacy", {}).get("epsilon"),
        "audit": audit(trained, USERS).plain(),
    }


def table(rows: dict[str, Row]) -> str:
    """Return the table of what is done in Markdown."""
    columns = [f"{when}, {k}" for when in ("beginning", "end") for k in SHOWN]
    head = ["setting", "NDCG@10", "bytes up + down", *columns, "rows alone", "steps alone"]
    lines = [_line(head), "|---" * len(head) + "|"]
    for name, row in ((name, rows[name]) for name in SETTINGS if name in rows):
        found = {(each["when"], each["uploads"]): each for each in row["audit"]["rows"]}
        cells = [
            f"{each['precision']:.2f} / {each['recall']:.2f}"
            for when in ("beginning", "end")
            for each in (found[when, k] for k in SHOWN)
        ]
        last = found["end", SHOWN[-1]]
        size = f"{row['sent']:,.0f} + {row['received']:,.0f}"
        alone = [f"{last[name]:.2f}" for name in ("rows", "steps")]
        lines.append(_line([name, f"{row['ndcg@10']:.4f}", size, *cells, *alone]))
    guess = next(iter(rows.values()))["audit"]["popular"]
    lines += ["", f"{USERS} users. Naming the most popular items has F1 {guess:.2f}."]
    return "\n".join(lines) + "\n"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()

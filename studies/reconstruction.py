"""How much of a user's items an honest but curious server reads off the user's uploads.

    python studies/reconstruction.py

The server keeps what it decodes, as it must, and does not know the user's vector. These attacks
are tried on the first k uploads of each user, and each cell is the one that does best there:

- rows: the user's own items are in each upload, a negative is in some;
- signs: what an upload adds to its rows is nearly a multiple of the user's vector. On one side of
  it are the items that the user has, on the other the negatives, which are more. The first singular
  vector stands for the user's vector, and uploads vote;
- rows, signs: what is in each upload, and won the vote;
- replay: negatives are drawn from the run's seed, the round and the client's identity, all of
  which the server knows. So it draws them too, until one is not among the rows: what is among the
  rows and was not drawn is the user's. Of a few uploads it takes what at least one gives away;
- replay, signs: both, but for rows that are not in each upload.

Writes ``results/reconstruction.json`` and the table of ``docs/security.md``; takes minutes.
"""

import json
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from fedras.arrays import Bools, Int32s, Int64s
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.components import make_config
from fedras.core.random import below
from fedras.experiments.task import in_paper
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Upload
from fedras.report.sections import replace_section
from fedras.rng import Purpose, keys

ROOT = Path(__file__).parent.parent
PAGE, KEPT = ROOT / "docs" / "security.md", ROOT / "results" / "reconstruction.json"
NOISE = {"dp_noise_multiplier": 4.0, "dp_clip_norm": 0.5}
SETTINGS: dict[str, dict[str, Any]] = {
    "CR 96.88 %": {},
    "8 actions, error feedback": {"actions": 8, "error_feedback": True},
    "noise, rows visible": {**NOISE, "dp_all_rows": False},
    "noise": NOISE,
}
UPLOADS = (1, 2, 3, 5, 10)
SEEDS = (0,)
ROUNDS = 130


@dataclass(frozen=True)
class Seen:
    """What the server keeps of an upload.

    Attributes
    ----------
    rows
        int32[n].
    rarer
        bool[n], which of them are on the rarer side.
    drawn
        bool[n], which of them the draw of negatives gave.
    """

    rows: Int32s
    rarer: Bools
    drawn: Bools


def main() -> None:
    """Attack all settings and write the table."""
    cases = list(product(SETTINGS, SEEDS))
    with ProcessPoolExecutor() as pool:
        done = list(pool.map(attacked, *zip(*cases, strict=True)))
    found = {
        name: [one for (given, _), one in zip(cases, done, strict=True) if given == name]
        for name in SETTINGS
    }
    users = [len(one["1"]["rows"]) for one in done]
    result: dict[str, Any] = {
        "dataset": "ml-100k",
        "rounds": ROUNDS,
        "seeds": SEEDS,
        "users": users,
        "at_random": float(np.mean([one["share"] for one in done])),
        "settings": {name: best(runs) for name, runs in found.items()},
    }
    KEPT.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    columns = " | ".join(SETTINGS)
    lines = [f"| uploads | {columns} |", "|---" * (1 + len(SETTINGS)) + "|"]
    for k in map(str, UPLOADS):
        cells = [
            "{precision:.2f} / {recall:.2f} ({attack})".format(**result["settings"][name][k])
            for name in SETTINGS
        ]
        lines.append("| " + " | ".join([k, *cells]) + " |")
    lines += [
        "",
        f"{' to '.join(map(str, sorted({min(users), max(users)})))} users. A guess at random has "
        f"precision {result['at_random']:.2f}.",
    ]
    replace_section(PAGE, "reconstruction", "\n".join(lines) + "\n")


def attacked(setting: str, seed: int) -> dict[str, Any]:
    """Return each attack's precisions and recalls, by the number of uploads."""
    simulation = Simulation(make_config(in_paper({"threads": 1, "seed": seed} | SETTINGS[setting])))
    seen = watched(simulation, ROUNDS)
    split = simulation.split
    most, scores = max(UPLOADS), defaultdict[str, dict[str, Any]](lambda: defaultdict(list))
    shares = []
    for client, uploads in sorted(seen.items()):
        own = split.items[split.indptr[client] : split.indptr[client + 1]]
        if len(uploads) < most or not len(own):
            continue
        shares.append(len(own) / simulation.interactions.n_items)
        for k in UPLOADS:
            for attack, guess in guesses(uploads[:k]).items():
                scores[str(k)][attack].append(scored(guess, own))
    return {k: dict(each) for k, each in scores.items()} | {"share": float(np.mean(shares))}


def watched(simulation: Simulation, rounds: int) -> dict[int, list[Seen]]:
    """Run so many rounds; return what the server saw of each client, upload by upload."""
    seen, deliver = defaultdict[int, list[Seen]](list), simulation.transport
    server = simulation.server

    def watching(broadcast: Broadcast, cohort: Int64s) -> list[Upload | None]:
        uploads = list(deliver(broadcast, cohort))
        for client, upload in zip(cohort.tolist(), uploads, strict=True):
            if upload is not None:
                update = decode(Payload.from_bytes(upload.items, server.items.shape))
                identity = server.clients[client : client + 1]
                (draws,) = keys(server.config.seed, Purpose.TRAINING, broadcast.round, identity)
                seen[client].append(Seen(update.rows, rarer(update), drawn(update, draws)))
        return uploads

    simulation.transport = watching
    for _ in range(rounds):
        simulation.step()
    return seen


def rarer(update: RowUpdate) -> Bools:
    """Return bool[n], which of an update's rows are on the rarer side."""
    values = update.values.astype(np.float64)
    _, vectors = np.linalg.eigh(values.T @ values)  # of the singular values' squares
    side: Bools = values @ vectors[:, -1] > 0
    return side if 2 * side.sum() <= len(side) else ~side


def drawn(update: RowUpdate, key: np.uint64) -> Bools:
    """Return bool[n], which of an update's rows the draw of negatives gave."""
    there = np.zeros(update.size, np.bool_)
    there[update.rows] = True
    return replayed(key, there)[update.rows]


def replayed(key: np.uint64, there: Bools) -> Bools:
    """Return bool[N], what is drawn before an item that is not among the rows, bool[N]."""
    found, left, counter = np.zeros_like(there), there.sum(), 0
    while left > 0:
        item = below(int(key), counter, len(there))
        if not there[item]:
            break
        left -= not found[item]
        found[item] = True
        counter += 1
    return found


def guesses(uploads: list[Seen]) -> dict[str, Int64s]:
    """Return the items that each attack takes for the user's."""
    size = 1 + max((int(one.rows.max(initial=0)) for one in uploads), default=0)
    times, votes, sure = (np.zeros(size, np.int64) for _ in range(3))
    for one in uploads:
        times[one.rows] += 1
        votes[one.rows] += np.where(one.rarer, 1, -1)
        sure[one.rows] += ~one.drawn
    always, chosen, replay = times == len(uploads), votes > 0, sure > 0
    marked = {
        "rows": always,
        "signs": chosen,
        "rows, signs": always & chosen,
        "replay": replay,
        "replay, signs": always & (replay | chosen),
    }
    return {name: np.flatnonzero(own) for name, own in marked.items()}


def scored(guess: Int64s, own: Int32s) -> tuple[float, float]:
    """Return the precision and the recall of a guess at a user's items."""
    right = len(np.intersect1d(guess, own))
    return right / max(1, len(guess)), right / len(own)


def best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the attack with the largest mean F1 and what it does, by the number of uploads."""
    result: dict[str, Any] = {}
    for k in map(str, UPLOADS):
        found = []
        for attack in runs[0][k]:
            each = np.concatenate([np.array(run[k][attack]) for run in runs])
            precision, recall = each.T
            total = precision + recall
            f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
            found.append((float(f1.mean()), attack, float(precision.mean()), float(recall.mean())))
        f1_mean, attack, *means = max(found)
        result[k] = dict(zip(("precision", "recall"), means, strict=True))
        result[k] |= {"attack": attack, "f1": f1_mean}
    return result


if __name__ == "__main__":
    main()

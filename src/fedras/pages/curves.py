"""What is drawn of runs, as rows of numbers."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from fedras.evaluation.metrics import DECIDES
from fedras.pages.comparison import references_of
from fedras.pages.kept import KeptRun

Rows = list[dict[str, Any]]

HR = "hr@10"
PARTS = {
    "actions": "actions",
    "assignments": "assignments",
    "rows": "which rows",
    "values": "values of rows",
    "scoring": "scoring model",
    "catch_up": "catch-up",
    "headers": "headers",
    "dropped": "dropped",
}
"""What bytes are, as people read it; other names stand for themselves."""
WAYS = ("sent", "received")
PHASES = {
    "training": "clients train",
    "coding": "clients code",
    "clients": "clients are waited for",
    "averaging": "server averages",
    "publishing": "server codes",
    "replicas": "clients read",
    "evaluation": "evaluation",
    "measuring": "counting",
}
"""What takes time, as people read it."""
_A_ROUND = {"sent": "uplink_bytes_per_client_round", "received": "fetched_bytes_per_participation"}
_COSINES = [f"{tenth / 10:.1f}" for tenth in range(-10, 10)]
_FEW_POINTS = 25


def learning(runs: Sequence[KeptRun], metric: str) -> Rows:
    """Return a metric of each round that ranked something."""
    return [
        {"run": run.name, "round": line["round"], "value": line[metric]}
        for run in runs
        for line in run.few_lines()
        if line.get(metric) is not None
    ]


def ranked(runs: Sequence[KeptRun]) -> str:
    """Return whose item the rounds rank: validation, test, or either."""
    kinds = {line.get("ranked") or "" for run in runs for line in run.lines} - {""}
    return f"{kinds.pop()} item" if len(kinds) == 1 else "held-out item"


def on_the_way(runs: Sequence[KeptRun]) -> Rows:
    """Return NDCG@10 of what rounds rank against the bytes of one user so far."""
    return [
        {"run": run.name, "bytes": total, "quality": line[DECIDES], "round": line["round"]}
        for run in runs
        for line in run.few_lines()
        if line.get(DECIDES) is not None and (total := _total(line))
    ]


def at_the_end(runs: Sequence[KeptRun]) -> Rows:
    """Return NDCG@10 of the test item against the bytes of one user, with and without coding."""
    found = []
    for run in runs:
        if run.summary is None:
            continue
        bill = run.summary["bill"]
        total = bill["sent"] + bill["received"]
        found.append(_end(run.name, total, run.summary, "this run"))
        if "uncompressed" in run.summary:
            plain = run.summary["uncompressed"]
            whole = plain["bill"]["sent"] + plain["bill"]["received"]
            found.append(_end(run.name, whole, plain, "uncompressed"))
    return [row for row in found if row["bytes"] > 0]


def references(runs: Sequence[KeptRun]) -> Rows:
    """Return NDCG@10 of popularity and of the best centralised method, if runs agree on them."""
    found = [references_of(run) for run in runs if run.summary]
    if not found or not found[0] or len({run.data for run in runs if run.summary}) > 1:
        return []
    return [{"name": name, "quality": metrics[DECIDES]} for name, metrics in found[0].items()]


def paid_so_far(runs: Sequence[KeptRun], way: str) -> Rows:
    """Return the bytes of one user so far by round, all kinds together."""
    return [
        {"run": run.name, "round": line["round"], "bytes": sum(line[f"{way}_per_user"].values())}
        for run in runs
        for line in run.few_lines()
        if f"{way}_per_user" in line
    ]


def parts_so_far(run: KeptRun, way: str) -> Rows:
    """Return the bytes of one user so far by round and by what they are."""
    return [
        {"round": line["round"], "bytes": size, "part": PARTS.get(name, name)}
        for line in run.few_lines()
        for name, size in line.get(f"{way}_per_user", {}).items()
        if run.lines[-1][f"{way}_per_user"].get(name)
    ]


def parts_at_the_end(runs: Sequence[KeptRun]) -> Rows:
    """Return the bytes of one user by what they are, both ways."""
    return [
        {"run": run.name, "way": way, "part": PARTS.get(name, name), "bytes": size}
        for run in runs
        for way in WAYS
        for line in run.lines[-1:]
        for name, size in line.get(f"{way}_per_user", {}).items()
        if size
    ]


def paid_each_round(runs: Sequence[KeptRun], way: str) -> Rows:
    """Return the bytes of a participant in a round, all kinds together."""
    return [row | {"bytes": row["value"]} for row in per_round(runs, _A_ROUND[way])]


def parts_each_round(run: KeptRun, way: str) -> Rows:
    """Return the bytes of a participant in a round by what they are."""
    name, found, before = f"{way}_per_user", [], dict[str, float]()
    for line, whole in _unsummed(run.few_lines(), _A_ROUND[way]):
        if name not in line:
            continue
        now = line[name]
        more = {part: now[part] - before.get(part, 0.0) for part in now}
        total, before = sum(more.values()), now
        found += [
            {"round": line["round"], "bytes": whole * each / total, "part": PARTS.get(part, part)}
            for part, each in more.items()
            if total and run.lines[-1][name].get(part)
        ]
    return found


def spread(runs: Sequence[KeptRun], name: str) -> tuple[list[str], Rows]:
    """Return the bins of a histogram, and how much of it is in each; of all rounds together."""
    found = {run.name: run.lines[-1].get(name) or {} for run in runs if run.lines}
    lows = {low for each in found.values() for low in each}
    every = _COSINES if name == "cosines" else _doubled(max(map(int, lows), default=0))
    known = [at for at, low in enumerate(every) if low in lows]
    bins = every[known[0] : known[-1] + 1] if known else []
    return [_bin(name, low) for low in bins], [
        {"run": run, "bin": _bin(name, low), "share": each.get(low, 0) / sum(each.values())}
        for run, each in found.items()
        for low in bins
        if each
    ]


def phases(runs: Sequence[KeptRun]) -> Rows:
    """Return the milliseconds of a round by phase."""
    return [
        {"run": run.name, "phase": PHASES.get(name, name), "ms": 1000 * each / line["round"]}
        for run in runs
        for line in run.lines[-1:]
        for name, each in line.get("seconds_by_phase", {}).items()
    ]


def tiers(run: KeptRun, name: str) -> Rows:
    """Return a metric, or the ``bytes`` of one user so far, of clients of different budgets."""
    found = []
    for line in run.few_lines(_FEW_POINTS):
        for tier in line.get("tiers", ()):
            low, high = tier["budget"]
            value = tier["sent"] + tier["received"] if name == "bytes" else tier.get(name)
            if value is not None:
                label = f"{low:,}" if low == high else f"{low:,} to {high:,}"
                found.append({"round": line["round"], name: value, "tier": label})
    return found


def per_round(runs: Sequence[KeptRun], mean: str) -> Rows:
    """Return what lines have as a mean over all rounds as one over the rounds between two lines."""
    return [
        {"run": run.name, "round": line["round"], "value": value}
        for run in runs
        for line, value in _unsummed(run.few_lines(), mean)
    ]


def refused(runs: Sequence[KeptRun]) -> Rows:
    """Return how many uploads were dropped and how many rows were clipped so far."""
    return [
        {"run": run.name, "round": line["round"], "value": number, "what": what}
        for run in runs
        for line in run.few_lines()
        for what, number in (
            ("dropped uploads", sum(line["dropped_uploads"].values())),
            ("clipped rows", line["clipped_rows"]),
        )
    ]


def _total(line: dict[str, Any]) -> float:
    return sum(sum(line.get(f"{way}_per_user", {}).values()) for way in WAYS)


def _end(name: str, total: float, found: dict[str, Any], kind: str) -> dict[str, Any]:
    return {"run": name, "bytes": total, "quality": found["metrics"][DECIDES], "kind": kind}


def _unsummed(lines: Rows, mean: str) -> Iterator[tuple[dict[str, Any], float]]:
    start = {"round": 0, mean: 0.0}
    for before, line in pairwise([start, *lines]):
        rounds = line["round"] - before["round"]
        if rounds > 0:
            total = line[mean] * line["round"] - before[mean] * before["round"]
            yield line, total / rounds


def _doubled(most: int) -> list[str]:
    """Return 1, 2, 4 and so on up to the largest of them that is not above ``most``."""
    return [str(1 << power) for power in range(most.bit_length())]


def _bin(name: str, low: str) -> str:
    """Return what is below a bin: a cosine that it begins with, or all sizes of it."""
    if name == "cosines" or low == "1":
        return low
    return f"{low} to {2 * int(low) - 1}"

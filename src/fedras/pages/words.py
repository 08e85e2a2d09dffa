"""What a report says in words."""

from collections.abc import Sequence
from typing import Any

from fedras.evaluation.metrics import DECIDES
from fedras.pages.comparison import LUCK, Comparison, Row
from fedras.pages.kept import KeptRun, Leak
from fedras.run import beside
from fedras.run.beside import percent
from fedras.run.bill import words


def paragraph(run: KeptRun, row: Row, runs: Sequence[KeptRun]) -> str:
    """Return how good a run is, against what, for how many bytes.

    Parameters
    ----------
    run, row
        The run, and its row in the comparison.
    runs
        All of the report; one on the same data may have baselines that this one has not.
    """
    config = run.config
    start = f"{run.name} ({config.method}, {config.model})"
    if run.summary is None:
        return f"{start} is not finished: {run.rounds:,} of {config.rounds:,} rounds are done."
    quality = f"reaches {_sure(row)} of the {run.held_out} after {run.rounds:,} rounds"
    bill = run.summary["bill"]["text"][0]
    alike = [run, *(other for other in runs if other.data == run.data)]
    known = ((other.summary or {}).get("baselines") for other in alike)
    found: dict[str, Any] = next(filter(None, known), {})
    against = beside.sentence(run.summary, found).replace("NDCG@10 ", "that is ", 1)
    leak = run.leak.text if run.leak else ""
    rest = (_sentence(each) for each in (against, bill, leak) if each)
    return " ".join([f"{start} {quality}.", *rest])


def verdict(comparison: Comparison) -> str:
    """Return which of several runs is the best, and from which others that differs surely."""
    rows = [row for row in comparison.rows if row.metrics]
    if len(rows) < 2:
        return ""
    tested = [row for row in rows if row.chance is not None]
    text = f"The best of {len(rows)} finished runs by NDCG@10 is {comparison.best}"
    better = [row.name for row in tested if row.significant]
    level = [row.name for row in tested if not row.significant]
    if better:
        text += f", significantly better than {_listed(better)}"
    if level:
        text += f"; {_listed(level)} may differ from it by luck only"
    return f"{text}."


def notes(run: KeptRun) -> list[str]:
    """Return what there is to note of a run: warnings of its own, and what is left out."""
    if run.summary is None:
        return []
    return [*run.summary.get("notes", []), *beside.left_out(run.summary)]


def number(value: float | None) -> str:
    """Return a metric with four digits."""
    return "" if value is None else f"{value:.4f}"


def interval(row: Row) -> str:
    """Return the bounds of NDCG@10."""
    return "" if row.interval is None else _bounds(row.interval.low, row.interval.high)


def less(row: Row) -> str:
    """Return the difference from the best run, with its bounds."""
    each = row.less
    return "" if each is None else f"{each.value:+.4f} {_bounds(each.low, each.high)}"


def chance(row: Row) -> str:
    """Return the chance of such a difference by luck, with a star if it is significant."""
    if row.chance is None:
        return ""
    return f"{row.chance:.4f}{' *' if row.significant else ''}"


def size(value: float | None) -> str:
    """Return bytes with a unit."""
    return "" if value is None else words(value)


def share(value: float | None) -> str:
    """Return a share in percent."""
    return "" if value is None else percent(value)


def leak(value: Leak | None) -> str:
    """Return the F1 of an attack with two digits, and that without any upload."""
    return "" if value is None else f"{value.f1:.2f} ({value.popular:.2f})"


def options(row: Row) -> str:
    """Return what a run has not in common with the others."""
    had = {name: each for name, each in row.options.items() if each is not None}
    return ", ".join(f"{name}={value(each)}" for name, each in had.items())


def value(option: object) -> str:
    """Return the value of an option as people write it."""
    if option is None:
        return "none"
    return str(option).lower() if isinstance(option, bool) else str(option)


def legend(comparison: Comparison) -> list[str]:
    """Return what the columns of the table mean, as far as there is something in them."""
    tests = sum(row.chance is not None for row in comparison.rows)
    lines = [verdict(comparison)]
    if any(row.interval for row in comparison.rows):
        lines.append("interval: 95 % of bootstrap resamples of the users")
    if tests:
        lines.append(
            "less the best: in pairs by user; by luck: the chance of as much if there were no "
            f"difference, by a randomisation test, corrected for {tests} "
            f"{'test' if tests == 1 else 'tests'} (Holm); * below {LUCK}"
        )
    if comparison.beside:
        names = _listed([row.name for row in comparison.beside])
        lines.append(f"without bytes: {names}, which see all data in one place")
    lines.append("bytes: that one user sends and receives in all, who downloads only to take part")
    if any(row.leak is not None for row in comparison.rows):
        lines.append(
            "leak: F1 of naming a user's items by five uploads; in brackets without, by popularity"
        )
    return [line for line in lines if line]


def data(run: KeptRun) -> list[tuple[str, str]]:
    """Return the data of a run as it was understood."""
    config, found = run.config, run.summary or {}
    rows = [("data", str(found.get("dataset", config.dataset)))]
    rows += [
        (name, f"{found[name]:,}") for name in ("users", "items", "interactions") if name in found
    ]
    if found.get("columns"):
        rows.append(("columns", found["columns"]))
    held = {
        "last": "each user's last item",
        "ratio": f"the last {config.test_share:.0%} of each user's interactions",
        "time": f"the last {config.test_share:.0%} of all interactions by time",
    }
    rows.append(("held out for the test", held[config.split]))
    rows.append(("ranked among", f"{config.eval_negatives:,} sampled items"))
    return rows


def gap(run: KeptRun) -> dict[str, Any] | None:
    """Return NDCG@10 of replicas and of the server's own matrix; None of an unfinished run."""
    if run.summary is None or not run.summary.get("server_metrics"):
        return None
    replica, server = run.summary["metrics"][DECIDES], run.summary["server_metrics"][DECIDES]
    return {"replica": replica, "server": server, "gap": replica - server}


def _sure(row: Row) -> str:
    text = f"NDCG@10 {row.metrics[DECIDES]:.4f}"
    if row.interval is not None:
        text += f" (95 % between {row.interval.low:.4f} and {row.interval.high:.4f})"
    return f"{text} and HR@10 {row.metrics['hr@10']:.4f}"


def _bounds(low: float, high: float) -> str:
    """Return two bounds, short enough for a table on a terminal."""
    short = (f"{each:.3f}".replace("0.", ".", 1) for each in (low, high))
    return f"[{', '.join(short)}]"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))

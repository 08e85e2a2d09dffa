"""A run beside what simple methods reach that see all data in one place."""

from typing import Any

from fedras.baselines import BASELINES
from fedras.evaluation.metrics import DECIDES

POPULARITY = "popularity"
UNCOMPRESSED = "uncompressed"

Summary = dict[str, Any]


def with_baselines(summary: Summary, found: dict[str, Any] | None) -> Summary:
    """Return a summary with the baselines, a sentence, and a note where popularity is better.

    Parameters
    ----------
    summary
        The content of ``summary.json``.
    found
        What `fedras.baselines.comparison.compare` found; None where nobody has all data.
    """
    text = sentence(summary, found or {})
    worse = warning(summary, found or {})
    notes = [*summary.get("notes", []), *([worse] if worse else [])]
    return summary | {"baselines": found, "comparison": text, "notes": notes}


def sentence(summary: Summary, found: dict[str, Any]) -> str:
    """Return how far a run is from popularity and from the best, and at what share of the bytes."""
    reached = {name: each["metrics"][DECIDES] for name, each in found.items() if "metrics" in each}
    if POPULARITY not in reached:
        return ""
    own, best = summary["metrics"][DECIDES], max(reached, key=lambda name: reached[name])
    parts = [f"{_against(own, reached[POPULARITY])} popularity"]
    if best == POPULARITY:
        parts[0] += ", which is the best centralised method here"
    else:
        parts.append(
            f"{_against(own, reached[best])} the best centralised method ({title(best)}, tuned)"
        )
    share = 1 - summary["participation_compression_rate"]
    return f"NDCG@10 {', '.join(parts)}, at {percent(share)} of the bytes without compression"


def warning(summary: Summary, found: dict[str, Any]) -> str:
    """Return what to say of a run that is worse than popularity; "" if it is not."""
    popular = found.get(POPULARITY, {}).get("metrics", {}).get(DECIDES)
    own = summary["metrics"][DECIDES]
    if popular is None or own >= popular:
        return ""
    return (
        f"recommending to everybody what is popular is better than this run: NDCG@10 "
        f"{popular:.4f}, and here {own:.4f}"
    )


def rows(summary: Summary) -> list[tuple[str, Summary]]:
    """Return the run and all that it is held against, by name, the best first."""
    found = summary.get("baselines") or {}
    named = {title(name): each for name, each in found.items() if "metrics" in each}
    if UNCOMPRESSED in summary:
        named["this run uncompressed"] = summary[UNCOMPRESSED]
    named["this run"] = summary
    return sorted(named.items(), key=lambda row: -row[1]["metrics"][DECIDES])


def left_out(summary: Summary) -> list[str]:
    """Return a line for each baseline that there is nothing of."""
    if "baselines" in summary and summary["baselines"] is None:
        return ["no baselines: they need all data in one place, and here nobody has it"]
    found = summary.get("baselines") or {}
    return [
        f"{title(name)} is left out: {each['left_out']}"
        for name, each in found.items()
        if "left_out" in each
    ]


def title(name: str) -> str:
    """Return what people read for a baseline's name, also of one that is not installed here."""
    return BASELINES.get(name).title if name in BASELINES else name


def percent(share: float) -> str:
    """Return a share with two digits, such as ``0.41 %``."""
    digits = 100 * share
    return f"{digits:.0f} %" if abs(digits) >= 10 else f"{digits:.2g} %"


def _against(own: float, other: float) -> str:
    change = own / other - 1 if other else float(own > 0)
    if abs(change) < 0.005:
        return "level with"
    if not other:
        return "above"
    return f"{percent(abs(change))} {'above' if change > 0 else 'below'}"

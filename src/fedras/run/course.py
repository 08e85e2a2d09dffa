"""How a run goes, in words: what is ranked, and what validation has decided."""

from typing import Any

from fedras.config import Config
from fedras.evaluation.metrics import DECIDES, in_words
from fedras.federation.schedule import Schedule, joining


def quality(line: dict[str, Any]) -> str:
    """Return what a line of ``metrics.jsonl`` says of the quality, such as ``validation HR@10 …``.

    In the last rounds, when the validation item trains like any other, there is none.
    """
    if line["ranked"] is None:
        return "the validation item trains too"
    return f"{line['ranked']} {'  '.join(in_words(line))}"


def latest(lines: list[dict[str, Any]]) -> str:
    """Return the last quality that was seen, and whether more is to come; "" before the first."""
    ranked = [line for line in lines if line["ranked"] is not None]
    if not ranked or ranked[-1] is lines[-1]:
        return quality(lines[-1]) if lines else ""
    return f"{quality(ranked[-1])} in round {ranked[-1]['round']}, now that item trains too"


def best(lines: list[dict[str, Any]]) -> str:
    """Return in which round the quality was best so far; "" before two evaluations."""
    ranked = [line for line in lines if line["ranked"] is not None]
    if len(ranked) < 2:
        return ""
    first = max(ranked, key=lambda line: line[DECIDES])
    return f"best {in_words(first)[-1]} in round {first['round']}"


def stopped(config: Config, schedule: Schedule) -> str:
    """Return which rounds were left out and why; "" if none were."""
    if not schedule.skipped:
        return ""
    end = joining(config)
    first = end - schedule.skipped + 1
    which = f"rounds {first} to {end} are" if first < end else f"round {end} is"
    return f"{which} left out: the validation item's NDCG@10 gets no better"


def counted(schedule: Schedule) -> str:
    """Return how much users' latest items count in the score; "" if they do not."""
    decay, weight, own = schedule.context
    if own < 1:
        return f"a user's own vector counts {own:g} beside what is popular"
    if not weight:
        return ""
    return (
        f"a score has {weight:g} times the cosine with the user's own items, each of which weighs "
        f"{decay:g} times as much as the next"
    )


def section(config: Config, schedule: Schedule) -> dict[str, Any]:
    """Return what ``summary.json`` says of it."""
    said = stopped(config, schedule), counted(schedule)
    return {
        "skipped_rounds": schedule.skipped,
        "context": schedule.context._asdict(),
        "text": [text for text in said if text],
    }

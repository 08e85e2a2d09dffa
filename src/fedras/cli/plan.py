"""``fedras plan``: how many actions fit a link, and what a client pays for them."""

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fedras.cli.displays.output import (
    AsJson,
    DataDir,
    echo,
    finite,
    human,
    print_json,
    print_table,
)
from fedras.cli.options import setting
from fedras.config import MOST, Config
from fedras.errors import UsageError

if TYPE_CHECKING:
    from fedras.federation.plan import Plan

_RUN = Config()
_USUAL = ["64kbit", "1Mbit", "10Mbit"]
_SPEED = re.compile(r"(\d{1,9}(?:\.\d{1,6})?) ?([kmg]?)(bits?|bytes|b)(?:/s)?", re.IGNORECASE)
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_MOST_ITEMS = 10**7

Links = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[LINK]...",
        help="Speeds in a second such as 64kbit or 2MB, or a CSV of user,bytes per second.",
    ),
]
Seconds = Annotated[
    float,
    typer.Option(
        min=0.001,
        max=86_400,
        callback=finite,
        help="How long a client's transfers of a round may take.",
    ),
]
Participation = Annotated[
    float,
    typer.Option(min=1e-6, max=1, callback=finite, help="Share of the clients in a round."),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="An option of the run; more than one."),
]


def plan(
    given: Links = None,
    items: Annotated[
        int | None,
        typer.Option(min=1, max=_MOST_ITEMS, help="How many items (default: of --dataset)."),
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Data set or table that says how many items there are.")
    ] = "ml-100k",
    dim: Annotated[int, typer.Option(min=1, max=4096, help="Embedding dimension.")] = _RUN.dim,
    seconds: Seconds = 2.0,
    actions: Annotated[
        int | None,
        typer.Option(min=1, max=MOST, help="What so many cost, instead of how many fit."),
    ] = None,
    participation: Participation = _RUN.client_fraction,
    rounds: Annotated[int, typer.Option(min=1, max=MOST, help="Rounds in all.")] = _RUN.rounds,
    per_day: Annotated[
        float, typer.Option(min=1e-6, max=1e6, callback=finite, help="Rounds in a day.")
    ] = 24.0,
    levels: Annotated[int, typer.Option(min=1, max=64, help="How many distinct rates.")] = 5,
    out: Annotated[
        Path | None,
        typer.Option(metavar="RATES.csv", help="Each user's rate: what --set rate_file= takes."),
    ] = None,
    settings: Settings = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Choose how many actions fit each client's link, and say what a client pays at most.

    Bytes are lengths of payloads that were serialised, of the largest that can cross.
    """
    from fedras.federation.plan import write_rates  # noqa: PLC0415 -- slow to import

    links = _links(given or _USUAL, out)
    planned = _plan(settings or [], items or _count_items(dataset, data_dir), dim)
    chosen = _chosen(planned, list(links.values()), seconds, actions, levels)
    if out is not None:
        write_rates(list(links), [planned.rate(each) for each in chosen], out)
    asked = {"items": planned.n_items, "dim": dim, "numbers": planned.method.numbers}
    asked |= {"seconds": seconds, "participation": participation, "rounds": rounds}
    asked["rounds_per_day"] = per_day
    by_link = not given or not _is_file(given)
    tiers = [each | _prices(planned, each, asked) for each in _tiers(links, chosen, by_link)]
    if as_json:
        print_json(asked | {"links": tiers})
    else:
        _print(asked, tiers)
        typer.echo(f"train so: {_command(asked, tiers, out, settings or [])}")


def _is_file(given: list[str]) -> bool:
    return len(given) == 1 and _speed(given[0]) is None


def _links(given: list[str], out: Path | None) -> dict[str, float]:
    """Return bytes per second: by user of a file, or by link as it was given."""
    from fedras.federation.plan import read_speeds  # noqa: PLC0415 -- slow to import

    if _is_file(given):
        return read_speeds(Path(given[0]))
    if out is not None:
        raise UsageError("--out has a rate for each user: give a CSV of user,bytes per second")
    found = {text: _speed(text) for text in given}
    for text, speed in found.items():
        if speed is None:
            raise UsageError(f"{text!r} is no speed such as 64kbit, 1.5Mbit or 200kB a second")
    return {text: speed for text, speed in found.items() if speed}


def _speed(text: str) -> float | None:
    """Return bytes per second, None if the text is no speed."""
    found = _SPEED.fullmatch(text)
    if found is None or not float(found[1]):
        return None
    number, thousands, unit = found.groups()
    bits = 8 if unit.lower().startswith("bit") else 1
    return float(number) * _THOUSANDS[thousands.lower()] / bits


def _count_items(dataset: str, data_dir: Path | None) -> int:
    from fedras import data  # noqa: PLC0415 -- slow to import

    return data.load(dataset, data_dir).n_items


def _plan(settings: list[str], n_items: int, dim: int) -> "Plan":
    import numpy as np  # noqa: PLC0415 -- slow to import

    from fedras.components import components_of, make_config  # noqa: PLC0415
    from fedras.federation.plan import Plan  # noqa: PLC0415
    from fedras.methods.fedras import ActionSharing  # noqa: PLC0415

    given = dict(map(setting, settings))
    if "actions" in given:
        raise UsageError("give --actions, not --set actions=")
    config = make_config({"dataset": "synthetic", "numbers": "q8n", "dim": dim} | given)
    named = components_of(config)
    if not isinstance(named.method, ActionSharing):
        raise UsageError(f"method {config.method} shares no actions, whose number could be chosen")
    parameters = len(named.model.initial_scoring(dim, np.uint64(0)))
    return Plan(named.method, n_items, dim, parameters, config.scoring_numbers)


def _chosen(
    planned: "Plan", speeds: list[float], seconds: float, actions: int | None, levels: int
) -> list[int]:
    """Return each link's number of actions."""
    if actions is not None:
        return [min(actions, planned.n_items)] * len(speeds)
    return planned.fit(speeds, seconds, levels)


def _tiers(links: dict[str, float], chosen: list[int], by_link: bool) -> list[dict[str, Any]]:
    """Return links as they were given, or users by their number of actions with the slowest."""
    pairs = list(zip(links.items(), chosen, strict=True))
    if by_link:
        return [
            {"link": name, "users": None, "bytes_per_second": speed, "actions": count}
            for (name, speed), count in pairs
        ]
    tiers = []
    for count in sorted(set(chosen)):
        own = [speed for (_, speed), mine in pairs if mine == count]
        slowest = {"link": f"{human(min(own))}/s", "bytes_per_second": min(own)}
        tiers.append(slowest | {"users": len(own), "actions": count})
    return tiers


def _prices(planned: "Plan", tier: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a client pays at most."""
    up, down = planned.sizes(tier["actions"])
    share = asked["participation"]
    seconds = (up + down) / tier["bytes_per_second"]
    mean = {  # of all rounds, those without this client included
        "sent": share * up,
        "received": float(down),
        "received_to_take_part": min(float(down), share * planned.snapshot()),
    }
    return {
        "actions_at_most": planned.method.most(tier["actions"]),
        "compression_rate": planned.rate(tier["actions"]),
        "fits": seconds <= asked["seconds"],
        "round": {"sent": up, "received": down, "seconds": seconds},
        "day": {name: each * asked["rounds_per_day"] for name, each in mean.items()},
        "all": {name: each * asked["rounds"] for name, each in mean.items()},
    }


def _print(asked: dict[str, Any], tiers: list[dict[str, Any]]) -> None:
    echo(
        f"{asked['items']:,} items, {asked['dim']} numbers each, actions in {asked['numbers']}; "
        f"at most, in bytes that were serialised"
    )
    echo("")
    users = any(tier["users"] for tier in tiers)
    rows = []
    for tier in tiers:
        paid = tier["round"]
        mark = "" if tier["fits"] else "*"
        row = [tier["link"], *([f"{tier['users']:,}"] if users else []), f"{tier['actions']:,}"]
        row += [human(paid["sent"]), human(paid["received"]), f"{paid['seconds']:.1f} s{mark}"]
        rows.append(row)
    heads = ["link", *(["users"] if users else []), "actions", "round: up", "down", "time"]
    print_table(heads, rows, right=tuple(range(1, len(heads))))
    if not all(tier["fits"] for tier in tiers):
        echo(f"* more than {asked['seconds']:g} s")
    for name, period in {"day": "a day", "all": f"{asked['rounds']:,} rounds"}.items():
        echo("")
        heads = [period, "up", "down, every round", "down, to take part"]
        keys = "sent", "received", "received_to_take_part"
        rows = [[tier["link"], *(human(tier[name][key]) for key in keys)] for tier in tiers]
        print_table(heads, rows, right=(1, 2, 3))
    echo("")


def _command(
    asked: dict[str, Any], tiers: list[dict[str, Any]], out: Path | None, settings: list[str]
) -> str:
    """Return how to train as was planned, for the slowest link if they differ and have no file."""
    words = ["fedras", "train"]
    if out is not None:
        words += ["--set", f"rate_file={out}"]
        if not any(each.startswith("numbers") for each in settings):
            words += ["--set", f"numbers={asked['numbers']}"]
        words += ["--error-feedback"] if len(tiers) > 1 else []
    else:
        words += ["--actions", str(min(tier["actions"] for tier in tiers))]
    words += ["--rounds", str(asked["rounds"])]
    words += ["--set", f"client_fraction={asked['participation']:g}"]
    words += [word for each in settings for word in ("--set", each)]
    return shlex.join(words)

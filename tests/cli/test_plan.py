import json
import shlex
from pathlib import Path

import pytest
from helpers.small_runs import Fedras

from fedras.cli.options import setting
from fedras.components import make_config
from fedras.federation.plan import Plan
from fedras.methods.fedras import FedRAS

GIVEN = "--items", 200, "--dim", 8


def test_what_is_paid_is_what_payloads_take(fedras: Fedras) -> None:
    often = "--rounds", 30, "--per-day", 10, "--participation", 0.2
    said = json.loads(fedras("plan", "8kB", *GIVEN, "--seconds", 0.5, *often, "--json").out)
    (link,) = said["links"]
    plan = Plan(FedRAS(numbers="q8n"), 200, 8)
    up, down = plan.sizes(link["actions"])
    assert link["actions"] == plan.actions_for(4000) == 135
    assert link["actions_at_most"] == 162
    assert link["round"] == {"sent": up, "received": down, "seconds": (up + down) / 8000}
    fetched = 0.2 * plan.snapshot()  # less than all updates
    assert link["day"] == {
        "sent": 2 * up,
        "received": 10 * down,
        "received_to_take_part": 10 * fetched,
    }
    assert link["all"]["received"] == pytest.approx(30 * down)
    assert link["fits"]


def test_a_number_that_was_given_is_priced_and_said_to_be_too_much(fedras: Fedras) -> None:
    done = fedras("plan", "64kbit", "1Mbit", *GIVEN, "--actions", 8, "--seconds", 0.04)
    assert done.status == 0
    slow, fast = done.out.splitlines()[3:5]
    assert slow.split()[:2] == ["64kbit", "8"]
    assert "s*" in slow
    assert "s*" not in fast
    assert "* more than 0.04 s" in done.out
    assert done.err == ""


def test_rates_of_a_file_are_taken_by_training(fedras: Fedras, tmp_path: Path) -> None:
    speeds, rates = tmp_path / "speeds.csv", tmp_path / "rates.csv"
    speeds.write_text("".join(f"{user},{1000 * (1 + user % 7)}\n" for user in range(40)))
    done = fedras("plan", speeds, *GIVEN, "--levels", 3, "--out", rates)
    written = dict(line.split(",") for line in rates.read_text().splitlines())
    assert list(written) == [str(user) for user in range(40)]
    assert len(set(written.values())) <= 3
    *_, last = done.out.splitlines()
    words = shlex.split(last.partition(": ")[2])
    assert words[:2] == ["fedras", "train"]
    options = dict(map(setting, [words[i + 1] for i, word in enumerate(words) if word == "--set"]))
    config = make_config({"dataset": "synthetic"} | options)
    assert str(config.rate_file) == str(rates)
    users = sum(int(line.split()[2]) for line in done.out.splitlines()[3:6])
    assert users == 40

"""``fedras evaluate``: intervals, a row per held-out item, another run beside it."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from helpers.small_runs import ARGUMENTS, Fedras

from fedras.errors import UsageError
from fedras.run.folder import RunFolder


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run on the same data with another seed and model."""
    from helpers.small_runs import SMALL

    from fedras.config import Config
    from fedras.run.training import train

    folder = tmp_path_factory.mktemp("other") / "run"
    list(train(Config(**SMALL | {"seed": 5, "learning_rate": 0.5}), folder))
    return folder


def test_metrics_are_those_of_the_summary_and_lie_in_their_intervals(
    fedras: Fedras, finished: Path
) -> None:
    done = fedras("evaluate", finished, "--json")
    assert done.err == ""
    found, summary = json.loads(done.out), RunFolder(finished).summary()
    assert summary is not None
    for ranking in ("metrics", "metrics_full"):
        assert found[ranking].keys() == summary[ranking].keys()
        for name, each in found[ranking].items():
            assert each["value"] == pytest.approx(summary[ranking][name])
            assert each["low"] <= each["value"] <= each["high"]
    assert found["recommended"] == summary["recommended"]
    assert found["users_evaluated"] == found["items_evaluated"] == summary["users_evaluated"]
    assert fedras("evaluate", finished, "--json") == done
    shown = fedras("evaluate", finished, "--at", "7").out
    assert all(word in shown for word in ("HR@7", "MRR@10", "95 %"))
    assert "HR@20" not in shown


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl"])
def test_a_row_per_held_out_item(
    ending: str, fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    path = tmp_path / f"rows{ending}"
    done = fedras("evaluate", finished, "--out", path, "--json")
    assert done.err == f"fedras: wrote {path}\n"
    if ending == ".parquet":
        rows = pq.read_table(path).to_pylist()
        assert isinstance(rows[0]["rank"], int)
        assert isinstance(rows[0]["hr@10"], float)
    elif ending == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = json.loads(done.out)
    assert len(rows) == found["items_evaluated"]
    for ranking, suffix in (("metrics", ""), ("metrics_full", "_full")):
        for name, each in found[ranking].items():
            values = [float(row[name + suffix]) for row in rows]
            assert np.mean(values) == pytest.approx(each["value"])
    first = rows[0]
    assert float(first["hr@5"]) == (int(first["rank"]) <= 5)
    assert float(first["mrr@20_full"]) == pytest.approx(
        1 / int(first["rank_full"]) if int(first["rank_full"]) <= 20 else 0
    )


def test_another_run_is_compared_by_user(fedras: Fedras, finished: Path, other: Path) -> None:
    mine, theirs = (json.loads(fedras("evaluate", f, "--json").out) for f in (finished, other))
    found = json.loads(fedras("evaluate", finished, "--against", other, "--json").out)["against"]
    assert found["run"] == str(other)
    for ranking in ("metrics", "metrics_full"):
        for name, each in found[ranking].items():
            gap = mine[ranking][name]["value"] - theirs[ranking][name]["value"]
            assert each["value"] == pytest.approx(gap)
            assert 0 < each["p_randomisation"] <= 1
    assert any(each["value"] for each in found["metrics"].values())
    same = json.loads(fedras("evaluate", finished, "--against", finished, "--json").out)["against"]
    assert {tuple(each.values()) for each in same["metrics"].values()} == {(0, 0, 0, 1, 1)}
    shown = fedras("evaluate", finished, "--against", other).out
    assert f"{finished} less {other}" in shown.replace("\n", " ")


def test_runs_of_other_items_are_not_compared(
    fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    for name, options in {
        "data": ("--set", "data_seed=1"),
        "split": ("--set", "split=ratio", "--set", "test_share=0.3"),
        "validation": ("--set", "validation=true"),
        "negatives": ("--set", "eval_negatives=20"),
    }.items():
        run = tmp_path / name
        fedras("train", *ARGUMENTS, *options, "--rounds", 1, "--out", run, "--quiet")
        done = fedras("evaluate", finished, "--against", run)
        assert done.status == UsageError.exit_status, name
        assert len(done.err.splitlines()) == 1
        assert "do not rank the same items of the same users" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "0"), "option at"),
        (("--out", "rows.txt"), "must end with"),
        (("--against", "nowhere"), "nowhere holds no run"),
    ],
)
def test_mistakes_are_one_line(
    arguments: tuple[str, ...], said: str, fedras: Fedras, finished: Path
) -> None:
    done = fedras("evaluate", finished, *arguments)
    assert (done.status, done.out) == (UsageError.exit_status, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1

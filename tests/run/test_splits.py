"""Runs whose test is more than each user's last item."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.small_runs import Fedras

import fedras
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.run.folder import RunFolder

QUICK: dict[str, Any] = {"rounds": 2, "dim": 4, "client_fraction": 0.5}


def table(users: int = 30, each: int = 8) -> dict[str, Any]:
    """Users who come one after another, each for a while."""
    rng = np.random.default_rng(0)
    items = [rng.choice(60, each, replace=False) for _ in range(users)]
    when = [user * 5 + np.arange(each) for user in range(users)]
    user = np.repeat(np.arange(users), each)
    return {"user": user, "item": np.concatenate(items), "time": np.concatenate(when)}


@pytest.mark.parametrize(("split", "count"), [("ratio", 30 * 2), ("time", 30 * 8 // 4)])
def test_all_that_is_held_out_is_ranked(split: str, count: int, tmp_path: Path) -> None:
    options = QUICK | {"split": split, "test_share": 0.25}
    list(fedras.train(Config(**options), tmp_path / "run", interactions=table()))
    summary = RunFolder(tmp_path / "run").summary()
    assert summary is not None
    assert "users_evaluated" not in summary
    assert 0 < summary["items_evaluated"] <= count
    assert (summary["items_evaluated"] == count) == (split == "ratio")
    assert set(summary["recommended"]) == {"coverage@10", "popularity@10", "gini@10"}
    loaded = fedras.load(tmp_path / "run", interactions=table())
    assert loaded.summary == summary


def test_whoever_comes_late_does_not_train() -> None:
    options = QUICK | {"split": "time", "test_share": 0.25, "client_fraction": 1.0}
    run = fedras.fit(table(), **options)
    late = sum("nothing to train on" in note for note in run.summary["notes"])
    assert late == 1
    rounds = list(fedras.train(Config(**options), interactions=table()))
    assert rounds[0].uplink.clients > 0


def test_other_times_are_other_data_where_they_matter(tmp_path: Path) -> None:
    later = table()
    later["time"] = later["time"] // 2
    for split, same in (("time", False), ("last", True)):
        options, folder = Config(**QUICK, split=split), tmp_path / split
        next(iter(fedras.train(options, folder, interactions=table())))
        if same:
            list(fedras.train(None, folder, resume=True, interactions=later))
        else:
            with pytest.raises(FedrasError, match="is not the data"):
                fedras.train(None, folder, resume=True, interactions=later)


def test_no_times_is_one_line(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "t.csv"
    path.write_text("user,item\n" + "".join(f"{n % 5},{n}\n" for n in range(40)))
    done = fedras("train", path, "--set", "split=time", "--out", tmp_path / "run")
    assert done.status == UsageError.exit_status
    assert done.err.splitlines()[-1].startswith("fedras: error: split=time: t.csv has no times;")
    assert len(done.err.splitlines()) == 1
    refused = fedras("federate", path, "--set", "split=time", "--out", tmp_path / "run")
    assert refused.status == UsageError.exit_status
    assert "take split=last or split=ratio" in refused.err
    assert not (tmp_path / "run").exists()
    wrong = fedras("train", path, "--set", "split=half", "--out", tmp_path / "run")
    assert wrong.status == UsageError.exit_status
    assert "option split: " in wrong.err


def test_cut_offs_of_a_run(fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ("--set", "users=40", "--set", "items=60", "--set", "interactions=400")
    done = fedras("train", "synthetic", *arguments, "--rounds", 1, "--at", "3", "--json")
    found = json.loads(done.out)
    names = ["hr@10", "ndcg@10", "mrr@10", "hr@3", "ndcg@3", "mrr@3"]
    assert list(found["metrics"]) == list(found["metrics_full"]) == names

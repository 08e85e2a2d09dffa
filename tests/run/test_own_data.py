"""Runs on data of one's own: named truly, found again by content, refused when empty."""

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.small_runs import Fedras

import fedras
from fedras import data
from fedras.config import Config
from fedras.errors import DataError, FedrasError, UsageError
from fedras.run.folder import RunFolder

_USERS = np.repeat(np.arange(12), 4)
_ITEMS = (_USERS * 7 + np.arange(48) ** 2) % 30
QUICK: dict[str, Any] = {"rounds": 2, "dim": 4}


def write(path: Path, header: str = "member,thing") -> Path:
    rows = zip(_USERS.tolist(), _ITEMS.tolist(), strict=True)
    path.write_text("\n".join([header, *(f"{u},{i}" for u, i in rows)]))
    return path


def test_a_run_on_a_table_in_memory_does_not_name_another(tmp_path: Path) -> None:
    mine = data.interactions_from({"user": _USERS, "item": _ITEMS}, name="mine")
    list(fedras.train(Config(**QUICK), tmp_path / "run", interactions=mine))
    assert RunFolder(tmp_path / "run").config().dataset == "memory:mine"
    with pytest.raises(DataError, match=r"'mine' was in memory; give it again"):
        fedras.load(tmp_path / "run")
    with pytest.raises(DataError, match=r"'mine' was in memory; give it again"):
        fedras.train(Config(), tmp_path / "run", resume=True)
    assert fedras.load(tmp_path / "run", interactions=mine).recommend("3", 2)
    path = write(tmp_path / "same.csv", "user,item")
    assert fedras.load(tmp_path / "run", dataset=path).recommend("3", 2)


@pytest.mark.parametrize("empty", [True, False])
def test_an_empty_table_is_no_reason_to_train_on_another(empty: bool) -> None:
    given: Any = data.from_columns("mine", [], []) if empty else {"user": [], "item": []}
    with pytest.raises(DataError, match=r"no (interactions|rows)"):
        fedras.train(Config(**QUICK), interactions=given)


def test_a_table_is_trained_on_as_it_is() -> None:
    given: Any = {"user": _USERS, "item": _ITEMS}
    rows: Any = np.column_stack((_USERS, _ITEMS))
    found = [
        list(fedras.train(Config(**QUICK), interactions=each))[-1].metrics for each in (given, rows)
    ]
    assert found[0] == found[1]


def test_a_file_that_moved_is_recognised_by_its_content(fedras: Fedras, tmp_path: Path) -> None:
    import fedras as library

    path, run = write(tmp_path / "mine.csv"), tmp_path / "run"
    options = ["--columns", "user=member,item=thing", "--set", "dim=4", "--quiet"]
    done = fedras("train", "--dataset", path, "--rounds", 2, *options, "--out", run)
    assert "columns: user=member, item=thing, time=none (order of the file)" in done.err
    there = tmp_path / "there" / "mine.csv"
    there.parent.mkdir()
    path.rename(there)
    gone = fedras("recommend", run, "--user", 3)
    assert gone.status == 1
    assert "no such file; check the path (a run finds its data again with --dataset" in gone.err
    expected = library.load(run, dataset=there).recommend("3")
    assert library.load(run, data_dir=there.parent).recommend("3") == expected
    other = tmp_path / "there" / "other.csv"
    other.write_text(there.read_text().replace("\n3,", "\n4,"))
    with pytest.raises(FedrasError, match="is not the data that the run in"):
        library.load(run, dataset=other)
    config = run / "config.toml"
    config.write_text(config.read_text().replace("/mine.csv", "/there/mine.csv"))
    assert library.load(run).recommend("3") == expected


def test_a_run_goes_on_where_its_file_is_now(fedras: Fedras, tmp_path: Path) -> None:
    path, run = write(tmp_path / "mine.csv", "user,item"), tmp_path / "run"
    rounds = fedras_rounds(path, run)
    next(rounds)
    rounds.close()
    path.rename(tmp_path / "moved.csv")
    given = ["train", "--resume", "--out", run, "--quiet", "--json", "--dataset"]
    done = fedras(*given, tmp_path / "moved.csv")
    assert json.loads(done.out)["rounds"] == 4
    assert fedras(*given, "ml-1m").status == 1
    config = RunFolder(run).config()
    assert (config.dataset, config.threads) == (str(tmp_path / "moved.csv"), 0)
    assert fedras("recommend", run, "--user", 3).status == 0


def test_a_run_names_the_data_that_it_goes_on_with(fedras: Fedras, tmp_path: Path) -> None:
    path, run = write(tmp_path / "mine.csv", "user,item"), tmp_path / "run"
    rounds = fedras_rounds(path, run)
    next(rounds)
    rounds.close()
    before = (run / "config.toml").read_bytes()
    given = ["train", "--resume", "--out", run, "--quiet", "--threads", 1]
    other = tmp_path / "other.csv"
    other.write_text(path.read_text().replace("\n3,", "\n4,"))
    assert "is not the data that the run in" in fedras(*given, "--dataset", other).err
    table = tmp_path / "table.csv"
    table.write_text(path.read_text().replace("user,item", "a,b"))
    columns = ["--dataset", table, "--columns", "user=a,item=b"]
    assert (run / "config.toml").read_bytes() == before
    assert fedras(*given, *columns).status == 0
    config = RunFolder(run).config()
    assert (config.dataset, config.options["columns"]) == (str(table), "user=a,item=b")
    assert config.threads == 0


def fedras_rounds(path: Path, run: Path) -> Any:
    config = Config(dataset=str(path), rounds=4, dim=4, eval_every=1)
    return fedras.train(config, run)


def test_paths_of_titles_are_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "mine.csv", "user,item")
    (tmp_path / "t.csv").write_text("item,title\n3,Three\n")
    config = Config.model_validate({"dataset": "mine.csv", "items": "t.csv", **QUICK})
    list(fedras.train(config, "run"))
    kept = tomllib.loads(Path("run/config.toml").read_text())
    assert kept["items"] == str(tmp_path / "t.csv")
    summary = RunFolder("run").summary()
    assert summary is not None
    assert summary["columns"] == (
        "user=user, item=item, time=none (order of the file); 2 of 48 rows repeat a user and an "
        "item, of which the first in time counts (all: --set keep_repeats=true)"
    )


def test_few_candidates_are_said(fedras: Fedras, tmp_path: Path) -> None:
    path, run = write(tmp_path / "mine.csv", "user,item"), tmp_path / "run"
    done = fedras("train", "--dataset", path, "--rounds", 1, "--quiet", "--out", run)
    said = "for 12 of 12 users fewer than 99 items are left to rank the held-out one against"
    assert f"warning: {said}" in done.err
    summary = RunFolder(run).summary()
    assert summary is not None
    assert said in summary["notes"]


def test_who_has_every_item_is_not_evaluated() -> None:
    mine = data.from_columns("mine", [1, 1, 1, 2, 2, 3], [1, 2, 3, 1, 2, 1])
    split = data.leave_one_out(mine)
    assert data.evaluated(mine, split).tolist() == [False, True, False]
    assert data.told(mine).notes == (
        "2 of 3 users train and are not evaluated: they have too few items, or no item is left to "
        "rank theirs against",
        "for 1 of 3 users fewer than 99 items are left to rank the held-out one against",
        "for 1 of 3 users there are fewer than 10 candidates, so that HR@10 is 1 for them whatever "
        "the model does",
    )


def test_an_unknown_option_of_a_table() -> None:
    with pytest.raises(UsageError, match="option x"):
        data.interactions_from({"user": [1], "item": [1]}, x=1)

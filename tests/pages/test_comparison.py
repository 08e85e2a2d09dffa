"""``fedras compare``: the table, its intervals and tests, and what cannot be compared."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from helpers.small_runs import ROUNDS, SMALL, Fedras
from hypothesis import given
from hypothesis import strategies as st

from fedras import api
from fedras.config import Config
from fedras.errors import DataError
from fedras.pages import words
from fedras.pages.comparison import compare, holm
from fedras.pages.kept import read_runs
from fedras.run.folder import RunFolder
from fedras.run.training import train

CHANCES = st.dictionaries(st.text(max_size=3), st.floats(0.0001, 1), max_size=6)


@given(CHANCES)
def test_corrected_chances_are_no_smaller_and_keep_their_order(chances: dict[str, float]) -> None:
    corrected = holm(chances)
    assert corrected.keys() == chances.keys()
    for name, chance in chances.items():
        assert chance <= corrected[name] <= min(1, len(chances) * chance)
        assert all(
            corrected[name] <= corrected[other] for other in chances if chances[other] > chance
        )


def test_holm_of_the_textbook() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})


def test_numbers_are_those_of_summaries_and_of_evaluate(
    fedras: Fedras, finished: Path, rival: Path
) -> None:
    found = json.loads(fedras("compare", finished, rival, "--json").out)
    rows = {row["run"]: row for row in found["rows"]}
    summaries = {path.name: RunFolder(path).summary() or {} for path in (finished, rival)}
    best, other = sorted(rows, key=lambda name: -rows[name]["ndcg@10"])
    assert found["best"] == best == found["rows"][0]["run"]
    assert found["notes"] == []
    for name, summary in summaries.items():
        row = rows[name]
        assert row["ndcg@10"] == summary["metrics"]["ndcg@10"]
        assert row["low"] <= row["ndcg@10"] <= row["high"]
        assert (row["sent"], row["received"]) == (
            summary["bill"]["sent"],
            summary["bill"]["received"],
        )
        assert row["rounds"] == ROUNDS
    assert rows[best]["chance"] is None
    folders = {path.name: path for path in (finished, rival)}
    checked = fedras("evaluate", folders[other], "--against", folders[best], "--at=10", "--json")
    expected = json.loads(checked.out)["against"]["metrics"]["ndcg@10"]
    assert rows[other]["less_the_best"] == expected["value"]
    assert rows[other]["chance"] == expected["p_randomisation"]
    assert rows[other]["significant"] == (expected["p_randomisation"] < 0.05)
    assert {rows[best]["method"], rows[other]["method"]} == {"fedras", "topk"}


def test_forms_have_the_same_rows(fedras: Fedras, beside: Path, rival: Path) -> None:
    records = json.loads(fedras("compare", beside, rival, "--json").out)["rows"]
    read = list(csv.DictReader(io.StringIO(fedras("compare", beside, rival, "--csv").out)))
    shown = fedras("compare", beside, rival).out
    assert [row["run"] for row in read] == [row["run"] for row in records]
    assert {"popularity", "EASE"} < {row["run"] for row in records}
    for record, row in zip(records, read, strict=True):
        assert float(row["ndcg@10"]) == record["ndcg@10"]
        assert f"{record['ndcg@10']:.4f}" in shown
    assert "iALS" not in shown
    assert fedras("compare", beside, "--json", "--csv").status == 2


def test_a_run_beside_itself_is_no_better(fedras: Fedras, finished: Path, beside: Path) -> None:
    found = json.loads(fedras("compare", finished, beside, "--json").out)["rows"]
    (again,) = [row for row in found if row["chance"] is not None]
    assert (again["less_the_best"], again["chance"], again["significant"]) == (0, 1, False)
    assert "by luck only" in fedras("compare", finished, beside).out


def test_an_unfinished_run_says_so(fedras: Fedras, finished: Path, stopped: Path) -> None:
    done = fedras("compare", finished, stopped, "--csv")
    assert f"stopped is not finished: 3 of {ROUNDS} rounds" in done.err
    *_, last = csv.DictReader(io.StringIO(done.out))
    assert (last["run"], last["ndcg@10"], last["rounds"]) == ("stopped", "", "3")
    assert float(last["sent"]) > 0
    assert "no luck" not in fedras("compare", stopped).out


def test_without_data_the_rest_is_there(
    finished: Path, rival: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object, **__: object) -> None:
        raise DataError("the data is gone")

    monkeypatch.setattr(api, "load", gone)
    found = compare(read_runs([finished, rival]))
    assert all(row.interval is None and row.chance is None for row in found.rows)
    assert found.rows[0].metrics["ndcg@10"] >= found.rows[1].metrics["ndcg@10"] > 0
    assert found.notes == [
        f"{row.name} is without interval and test: the data is gone" for row in found.rows
    ]


def test_runs_of_different_data_are_not_tested(
    fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    list(train(Config.model_validate(SMALL | {"users": 30, "rounds": 2}), tmp_path / "fewer"))
    done = fedras("compare", finished, tmp_path / "fewer", "--json")
    found = json.loads(done.out)
    assert all(row["chance"] is None for row in found["rows"])
    assert any("not all runs are of the same data" in note for note in found["notes"])
    assert any("do not rank the same items" in note for note in found["notes"])


def test_mistakes_are_one_line(fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    RunFolder(begun).create(RunFolder(finished).config())
    broken = tmp_path / "broken"
    shutil.copytree(finished, broken)
    (broken / "metrics.jsonl").write_text("{")
    for arguments, status, said in (
        ([tmp_path / "none"], 2, "holds no run"),
        ([begun], 2, "has no evaluated round yet"),
        ([finished, finished], 2, "is given twice"),
        ([broken], 1, "is damaged"),
    ):
        for command in ("compare", "report"):
            done = fedras(command, *arguments)
            assert (done.status, done.err.count("\n"), done.out) == (status, 1, ""), done
            assert said in done.err


def test_lines_add_up_to_the_bill(finished: Path) -> None:
    folder = RunFolder(finished)
    summary, last = folder.summary() or {}, folder.metrics()[-1]
    bill = summary["bill"]
    assert sum(last["sent_per_user"].values()) == pytest.approx(bill["sent"])
    assert sum(last["received_per_user"].values()) == pytest.approx(bill["received"])
    assert sum(last["heard_per_user"].values()) == pytest.approx(bill["every_round"]["received"])
    assert api.load(finished).history[-1]["sent_per_user"] == pytest.approx(bill["sent"])


def test_bounds_are_short() -> None:
    assert words._bounds(-0.0351, 1.0) == "[-.035, 1.000]"

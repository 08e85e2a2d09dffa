"""Trials are compared on the validation item, and no interruption changes them."""

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.small_runs import SMALL

from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.federation.simulator import Simulation
from fedras.run.training import train
from fedras.tuning import start, study
from fedras.tuning.folder import BEST, JOURNAL, STUDY, TRIALS, TuningFolder
from fedras.tuning.rows import OUT_OF_TIME, PRUNED, Row
from fedras.tuning.space import Range, Searched, Values
from fedras.tuning.start import open_tuning
from fedras.tuning.study import Evaluated, Finished, Started, Tuning
from fedras.tuning.trial import ended_at, trial_config

OPTIONS = SMALL | {"items": 300, "interactions": 1500, "eval_every": 3, "bias": False}
RATE = {"learning_rate": Range(0.01, 10)}


def begin(
    folder: Path | None = None,
    trials: int | None = 8,
    search: dict[str, Searched] | None = None,
    resume: bool = False,
    **options: Any,
) -> Tuning:
    given = {} if resume else OPTIONS
    return open_tuning(
        Config.model_validate(given | options),
        search or ({} if resume else RATE),
        trials,
        folder=None if folder is None else TuningFolder(folder),
        resume=resume,
    )


def rows(tuning: Tuning) -> list[Row]:
    """Do what is left; return all trials without the time they took."""
    for _ in tuning.run():
        pass
    return [replace(row, seconds=0.0) for row in tuning.rows]


@pytest.fixture(scope="module")
def whole() -> list[Row]:
    """The trials of a tuning that nothing interrupted."""
    return rows(begin())


def test_the_first_trial_is_of_the_options_as_they_are(whole: list[Row]) -> None:
    assert [row.trial for row in whole] == list(range(8))
    assert whole[0].options == {"learning_rate": 3.0, "weight_decay": 0.02}
    assert len({row.options["learning_rate"] for row in whole}) == 8


def test_bad_trials_are_stopped_early() -> None:
    many = rows(begin(trials=20, search={"learning_rate": Range(1e-5, 10)}))
    pruned = [row for row in many if row.state == PRUNED]
    assert pruned
    assert all(4 <= row.rounds < 12 for row in pruned)
    best = max(many, key=lambda row: row.metrics["ndcg@10"])
    assert best.state != PRUNED


def test_a_trial_is_a_run_on_the_validation_item(whole: list[Row]) -> None:
    row = whole[0]
    config = trial_config(OPTIONS | row.options, 1)
    assert config.validation
    found = {r.round: r.metrics for r in train(config) if r.metrics}
    best = max(found, key=lambda round_: found[round_]["ndcg@10"])
    assert (row.best_round, row.metrics) == (best, found[best])
    sent = [r.uplink.sent.total() for r in train(config)][:best]
    assert row.up_bytes == sum(sent) / 40


def test_no_trial_looks_at_the_test_item(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is ranked is each user's item before the last; nothing is ever evaluated in full."""
    seen: list[tuple[bool, bool]] = []
    validate = Simulation.validate

    def read(_: Simulation) -> Any:
        raise AssertionError("the test item is read")

    def noted(simulation: Simulation) -> Any:
        told = simulation.interactions
        before = told.items[told.indptr[1:] - 2]
        ranked = np.array_equal(simulation.split.held_out, before)
        seen.append((ranked, len(simulation.split.items) == len(told) - 2 * told.n_users))
        return validate(simulation)

    monkeypatch.setattr(Simulation, "validate", noted)
    monkeypatch.setattr(Simulation, "evaluate", read)
    rows(begin(trials=2))
    assert set(seen) == {(True, True)}


def test_the_best_ends_in_its_best_round_as_the_trial_did() -> None:
    """With the learning rates that the trial had until then."""
    options = OPTIONS | {"eval_every": 1, "rounds": 9}
    trial = {r.round: r.metrics for r in train(trial_config(options, 1)) if r.metrics}
    ended = ended_at(options, 5)
    assert (ended.rounds, ended.validation) == (5, False)
    again = Config.model_validate(ended.flat() | {"validation": True})
    short = {r.round: r.metrics for r in train(again) if r.metrics}
    assert short == {round_: trial[round_] for round_ in range(1, 6)}
    assert ended_at(options, 9).options["final_learning_rate"] == 0.1
    assert ended_at(options | {"method": "rcr"}, 1).rounds == 9  # its rounds are its rate


def test_resumed_after_any_stop_it_is_the_same(whole: list[Row], tmp_path: Path) -> None:
    stops = iter([(Started, 1), (Evaluated, 3), (Finished, 2), (Evaluated, 9)])
    folder = tmp_path / "tuned"
    for number, (kind, count) in enumerate(stops):
        events = begin(folder, trials=None if number else 8, resume=number > 0).run()
        seen = (event for event in events if isinstance(event, kind))
        assert len(list(islice(seen, count))) == count
        events.close()
    with (folder / JOURNAL).open("ab") as file:
        file.write(b'{"op_code":5,"wor')  # what a kill or a full disk may leave
    assert rows(begin(folder, trials=None, resume=True)) == whole
    found = (folder / TRIALS).read_text().splitlines()
    assert len(found) == 9
    assert found[0].startswith("trial,state,learning_rate,weight_decay,ndcg@10,hr@10,best_round,")


def test_all_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "tuned"
    rows(begin(folder, trials=1))
    assert folder.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == dict.fromkeys([BEST, JOURNAL, STUDY, TRIALS], 0o600)


def test_more_trials_can_follow(whole: list[Row], tmp_path: Path) -> None:
    first = rows(begin(tmp_path / "tuned", trials=3))
    assert first == whole[:3]
    assert rows(begin(tmp_path / "tuned", trials=8, resume=True)) == whole
    assert TuningFolder(tmp_path / "tuned").planned().trials == 8


def test_out_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.0, *[10.0] * 100])
    monkeypatch.setattr(study, "monotonic", lambda: next(clock))
    tuning = open_tuning(Config.model_validate(OPTIONS), RATE, 8, seconds=5)
    (row,) = rows(tuning)
    assert (row.state, row.rounds, row.best_round) == (OUT_OF_TIME, 3, 3)
    assert tuning.best.rounds == 3


def test_no_time_at_all() -> None:
    tuning = open_tuning(Config.model_validate(OPTIONS), RATE, 8, seconds=1e-9)
    assert rows(tuning) == []
    with pytest.raises(FedrasError, match="no trial has ended"):
        _ = tuning.best


def test_trials_that_cannot_be_are_told_and_passed_over() -> None:
    """At this rate TopK keeps no entry of a row, which only its codec knows."""
    search: dict[str, Searched] = {"method": Values(("topk", "fedras"))}
    found = rows(begin(search=search, trials=6))
    failed = [row for row in found if row.error]
    assert {row.options["method"] for row in failed} == {"topk"}
    assert {row.options["method"] for row in found if row.metrics} == {"fedras"}
    tuning = begin(search={"learning_rate": Range(1, 2)}, trials=2, method="topk")
    assert all(row.error for row in rows(tuning))
    with pytest.raises(FedrasError, match="no trial could be trained; the first one: topk"):
        _ = tuning.best


@pytest.mark.parametrize(
    ("options", "search", "message"),
    [
        ({"rounds": 13}, {}, "option rounds is 13 here but 12"),
        ({"alpha": 0.3}, {}, "option alpha is 0.3 here but 0.2"),
        ({"dataset": "ml-100k"}, {}, "option dataset is ml-100k here but synthetic"),
        ({}, {"learning_rate": Range(1, 2)}, "learning_rate is 1..2 here but 0.01..10 in"),
        ({}, {"dim": Values((8, 16))}, "dim is 8,16 here but not searched in"),
    ],
)
def test_another_tuning_is_not_resumed(
    options: dict[str, Any], search: dict[str, Searched], message: str, tmp_path: Path
) -> None:
    rows(begin(tmp_path / "tuned", trials=1))
    with pytest.raises(UsageError) as error:
        begin(tmp_path / "tuned", resume=True, search=search, **options)
    assert message in str(error.value)
    assert len(rows(begin(tmp_path / "tuned", trials=2, resume=True))) == 2


def test_other_data_is_not_resumed(tmp_path: Path) -> None:
    table = [(user, (user + step) % 50) for user in range(30) for step in range(6)]
    given = Config.model_validate({"rounds": 2, "dim": 8, "actions": 2})
    folder = tmp_path / "tuned"
    rows(open_tuning(given, {}, 1, folder=TuningFolder(folder), table=table))
    with pytest.raises(FedrasError, match="is not the data that the tuning in"):
        open_tuning(given, {}, 1, folder=TuningFolder(folder), resume=True, table=table[1:])


def test_one_process_at_a_time(tmp_path: Path) -> None:
    tuning = begin(tmp_path / "tuned", trials=1)
    with pytest.raises(FedrasError, match="another process is tuning in"):
        begin(tmp_path / "tuned", resume=True)
    rows(tuning)
    with pytest.raises(UsageError, match="is not empty; continue its tuning with --resume"):
        begin(tmp_path / "tuned")


@pytest.mark.parametrize(
    ("name", "content"),
    [(STUDY, ""), (STUDY, "trials = 8\n[search]\na = 3"), (JOURNAL, "{\n"), (JOURNAL, "[1]\n")],
)
def test_damaged(name: str, content: str, tmp_path: Path) -> None:
    rows(begin(tmp_path / "tuned", trials=1))
    (tmp_path / "tuned" / name).write_text(content)
    with pytest.raises(FedrasError, match=f"{name} is damaged; tune again with another --out"):
        begin(tmp_path / "tuned", resume=True)


def test_without_optuna(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(start, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "optuna>='):
        begin(tmp_path / "tuned")
    assert not (tmp_path / "tuned").exists()

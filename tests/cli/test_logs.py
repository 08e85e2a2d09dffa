import json
from pathlib import Path
from typing import Any

import pytest
from helpers.small_runs import ARGUMENTS, ROUNDS, Fedras, lines

from fedras.cli.logs import Logs, read_lines
from fedras.run.folder import RunFolder

TRAIN = "train", *ARGUMENTS, "--set", "eval_every=4"


def said(err: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in err.splitlines()]


def timeless(line: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in line.items()
        if name not in {"event", "seconds", "seconds_by_phase"}
    }


def test_every_line_beside_the_results_is_json(fedras: Fedras, tmp_path: Path) -> None:
    done = fedras(*TRAIN, "--out", tmp_path / "a", "--log-format", "json")
    assert done.status == 0
    events = said(done.err)
    rounds = [timeless(each) for each in events if each["event"] == "round"]
    assert rounds == lines(tmp_path / "a")
    assert len(rounds) >= 3
    assert events[-1] == {"event": "end", "summary": RunFolder(tmp_path / "a").summary()}
    assert {each["event"] for each in events} <= {"round", "end", "message"}
    assert "HR@10" in done.out


def test_mistakes_are_json_too_and_the_next_command_is_not(fedras: Fedras, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").touch()
    done = fedras(*TRAIN, "--out", tmp_path / "full", "--log-format", "json")
    (event,) = said(done.err)
    assert done.status == 2
    assert event["event"] == "message"
    assert event["text"].startswith("error: ")
    again = fedras(*TRAIN, "--out", tmp_path / "full")
    assert again.err.startswith("fedras: error: ")
    assert fedras(*TRAIN, "--log-format", "xml").status == 2


def test_rounds_that_were_said_are_not_said_again(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    logs = Logs("json", None)
    logs.open(None, 1)
    logs.follow([{"round": 1}])
    logs.follow([{"round": 1}, {"round": 2}, {"round": 3}])
    logs.follow([{"round": 1}, {"round": 2}, {"round": 3}])
    assert [each["round"] for each in said(capsys.readouterr().err)] == [2, 3]
    assert read_lines(tmp_path) == []


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    """Return what TensorBoard itself reads: by tag, the value of each step."""
    module = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    found = module.EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {
        tag: {event.step: event.value for event in found.Scalars(tag)}
        for tag in found.Tags()["scalars"]
    }


def test_tensorboard_reads_what_was_measured(fedras: Fedras, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    out = tmp_path / "a"
    assert fedras(*TRAIN, "--out", out, "--log-to", "tensorboard", "--quiet").status == 0
    read, known = scalars(out / "tensorboard"), lines(out)
    for tag, name in (
        ("validation/ndcg@10", "ndcg@10"),
        ("bytes/uplink_bytes_per_client_round", "uplink_bytes_per_client_round"),
    ):
        expected = {each["round"]: each[name] for each in known if each[name] is not None}
        assert read[tag] == pytest.approx(expected)
        assert len(expected) >= 2
    summary = RunFolder(out).summary()
    assert summary
    assert read["test/hr@10"] == pytest.approx({ROUNDS: summary["metrics"]["hr@10"]})
    assert read["test of all/hr@10"] == pytest.approx({ROUNDS: summary["metrics_full"]["hr@10"]})


def test_events_of_a_run_that_goes_on_are_those_that_lack(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    first = {"round": 1, "ranked": "validation", "hr@10": 0.25, "seconds": 1.0}
    second = first | {"round": 2, "ranked": None, "hr@10": None}
    for count, known in ((1, [first]), (1, [first, second])):  # not there yet, and resumed
        logs = Logs("text", "tensorboard")
        logs.open(tmp_path, count)
        logs.follow(known)
        logs.end({"rounds": 2, "metrics": {}, "metrics_full": {}})
    assert scalars(tmp_path / "tensorboard") == {
        "validation/hr@10": {1: 0.25},
        "run/seconds": {1: 1.0, 2: 1.0},
    }


def tracked(place: str) -> list[Any]:
    """Return the runs of the experiment that MLflow itself finds, the newest first."""
    mlflow = pytest.importorskip("mlflow")
    client = mlflow.MlflowClient(place)
    experiment = client.get_experiment_by_name("fedras")
    assert experiment
    return [
        (run, lambda name, of=run: client.get_metric_history(of.info.run_id, name))
        for run in client.search_runs([experiment.experiment_id])
    ]


def test_mlflow_reads_what_was_measured(fedras: Fedras, tmp_path: Path) -> None:
    pytest.importorskip("mlflow")
    out = tmp_path / "it's a run"
    assert fedras(*TRAIN, "--out", out, "--log-to", "mlflow", "--quiet").status == 0
    ((run, history),) = tracked((out / "mlflow").as_uri())
    assert (run.info.run_name, run.info.status) == (out.name, "FINISHED")
    assert run.data.params["method"] == "fedras"
    expected = {each["round"]: each["ndcg@10"] for each in lines(out) if each["ranked"]}
    assert len(expected) >= 2
    assert {m.step: m.value for m in history("validation/ndcg_at_10")} == pytest.approx(expected)
    summary = RunFolder(out).summary()
    assert summary
    (last,) = history("test/hr_at_10")
    assert (last.step, last.value) == (ROUNDS, pytest.approx(summary["metrics"]["hr@10"]))
    assert [m.step for m in history("bytes/sent_per_user/actions")] == [4, 8, 10, 12]


def test_a_run_that_goes_on_is_the_same_at_mlflow(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    place = (tmp_path / "server").as_uri()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", place)
    first, second = ({"round": n, "ranked": None, "seconds": 1.0} for n in (1, 2))
    for known in ([first], [first, second]):
        logs = Logs("text", "mlflow")
        logs.open(finished, 1)
        logs.follow(known)
    logs.end({"rounds": 2, "metrics": {}, "metrics_full": {}})
    ((run, history),) = tracked(place)
    assert [m.step for m in history("run/seconds")] == [1, 2]
    assert run.info.status == "FINISHED"
    assert not (finished / "mlflow").exists()


def test_an_mlflow_that_cannot_be_had_is_one_line(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    done = fedras(*TRAIN, "--out", tmp_path / "a", "--log-to", "mlflow", "--quiet")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "fedras: error: cannot write to MLflow at http://127.0.0.1:9: " in done.err


@pytest.mark.parametrize(("program", "module"), [("tensorboard", "events"), ("mlflow", "tracking")])
def test_what_is_missing_is_said_first(
    program: str, module: str, fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"fedras.run.{module}.find_spec", lambda _: None)
    done = fedras(*TRAIN, "--out", tmp_path / "a", "--log-to", program)
    assert done.status == 2
    assert "needs its package; run: pip install" in done.err
    assert not (tmp_path / "a").exists()

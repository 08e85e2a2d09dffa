import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pydantic
import pytest
from helpers.small_runs import ROUNDS, assert_same, lines

import fedras
from fedras import data
from fedras.config import Config
from fedras.errors import FedrasError, UsageError
from fedras.federation.round import RoundResult
from fedras.federation.wire import Traffic
from fedras.run.folder import RunFolder
from fedras.run.training import open_run, train


def test_without_a_folder_nothing_is_written(
    small: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    results = list(fedras.train(small.model_copy(update={"eval_every": 5})))
    assert [result.round for result in results] == list(range(1, ROUNDS + 1))
    assert [r.round for r in results if r.metrics] == [5, 10]  # then the validation item trains
    paper = small.model_copy(update={"eval_every": 5, "monitor": "test"})
    assert [r.round for r in fedras.train(paper) if r.metrics] == [5, 10, 12]
    assert not list(tmp_path.iterdir())


def test_totals_are_what_the_rounds_say(small: Config, tmp_path: Path) -> None:
    up, down = Traffic(), Traffic()
    small, finished = small.model_copy(update={"monitor": "test"}), tmp_path / "run"
    results = list(train(small, finished))
    for result in results:
        up.merge(result.uplink)
        down.merge(result.downlink)
    summary = RunFolder(finished).summary()
    whole = open_run(small).uncompressed
    assert summary is not None
    assert summary["metrics"] == results[-1].metrics
    assert summary["uplink_bytes_per_client_round"] == up.per_client
    assert summary["downlink_bytes_per_client_round"] == down.per_client
    assert sum(summary["downlink_split"].values()) == pytest.approx(down.per_client)
    assert summary["avg_actions"] == pytest.approx(np.mean([r.actions for r in results]))
    assert summary["avg_cosine"] == pytest.approx(np.mean([r.cosine for r in results]))
    vectors = (up.vectors_per_client + down.vectors_per_client) / 2
    assert summary["compression_rate"] == pytest.approx(1 - vectors / (4000 * small.dim * 4))
    assert summary["wire_compression_rate"] == pytest.approx(
        1 - (up.per_client + down.per_client) / (2 * whole.per_client)
    )
    assert summary["wire_compression_rate"] < summary["compression_rate"]


def test_metrics_have_one_line_per_evaluated_round(finished: Path) -> None:
    assert [line["round"] for line in lines(finished)] == list(range(1, ROUNDS + 1))
    assert {"hr@10", "ndcg@10", "uplink_bytes_per_client_round"} < lines(finished)[0].keys()


@pytest.mark.parametrize("done", [1, 4, ROUNDS - 1, ROUNDS])
def test_leaving_the_loop_can_be_resumed(done: int, small: Config, tmp_path: Path) -> None:
    seldom = small.model_copy(update={"eval_every": 3})
    assert [r.round for r in islice(train(seldom, tmp_path / "a"), done)][-1] == done
    assert len(list(train(None, tmp_path / "a", resume=True))) == ROUNDS - done
    list(train(seldom, tmp_path / "b"))
    assert_same(tmp_path / "a", tmp_path / "b")


def test_a_run_that_never_reached_a_checkpoint_starts_again(
    small: Config, finished: Path, tmp_path: Path
) -> None:
    train(small, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.toml"]
    list(train(None, tmp_path / "run", resume=True))
    assert_same(finished, tmp_path / "run")


def test_a_stop_during_a_round_waits_for_its_end(small: Config, tmp_path: Path) -> None:
    run = open_run(small.model_copy(update={"eval_every": 100}), tmp_path / "run")
    rounds = run.rounds()
    next(rounds)
    step = run.federation.step

    def interrupted() -> RoundResult:
        signal.raise_signal(signal.SIGINT)
        return step()

    run.federation.step = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        next(rounds)
    assert run.saved == run.federation.round == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_round_that_fails_is_not_saved(small: Config, tmp_path: Path) -> None:
    run = open_run(small.model_copy(update={"eval_every": 2}), tmp_path / "run")
    rounds = run.rounds()
    next(rounds)
    next(rounds)

    def half() -> RoundResult:
        run.federation.server.items += 1
        raise FedrasError("the network is gone")

    run.federation.step = half  # type: ignore[method-assign]
    before = (tmp_path / "run" / "checkpoint.npz").read_bytes()
    with pytest.raises(FedrasError, match="network"):
        next(rounds)
    assert (tmp_path / "run" / "checkpoint.npz").read_bytes() == before


def test_everything_is_checked_before_the_first_round(small: Config, tmp_path: Path) -> None:
    for options in ({"alpah": 1}, {"alpha": 7}, {"users": "many"}):
        config = Config.model_validate(dict(small.options) | {"dataset": "synthetic"} | options)
        with pytest.raises(UsageError, match=next(iter(options))):
            train(config, tmp_path / "run")
    with pytest.raises(UsageError, match="give its folder"):
        train(small, resume=True)
    with pytest.raises(FedrasError, match=r"no\.csv: there is no such file"):
        train(Config(dataset=str(tmp_path / "no.csv")), tmp_path / "run")
    assert not list(tmp_path.iterdir())
    with pytest.raises(pydantic.ValidationError):
        Config(rounds=0)


def test_options_given_again_must_agree(small: Config, finished: Path) -> None:
    assert not list(train(small, finished, resume=True))
    assert not list(train(Config(rounds=ROUNDS, threads=2), finished, resume=True))
    with pytest.raises(UsageError, match=f"option rounds is 20 here but {ROUNDS} in"):
        train(Config(rounds=20), finished, resume=True)
    with pytest.raises(UsageError, match=r"option alpha is 0\.5 here but 0\.2 in"):
        train(Config.model_validate({"alpha": 0.5}), finished, resume=True)
    with pytest.raises(UsageError, match="did you mean 'alpha'"):
        train(Config.model_validate({"alphaa": 0.5}), finished, resume=True)


def test_an_edited_configuration_is_refused(small: Config, tmp_path: Path) -> None:
    next(train(small, tmp_path / "run"))
    path = tmp_path / "run" / "config.toml"
    path.write_text(path.read_text().replace(f"dim = {small.dim}", "dim = 16"))
    with pytest.raises(FedrasError, match=r"says dim = 16, but .* was trained with 64"):
        train(None, tmp_path / "run", resume=True)


@pytest.mark.parametrize(
    "options",
    [
        {"error_feedback": True, "uplink_error_feedback": True},
        {"rate_range": (0.5, 0.99), "rate_levels": 3, "client_fraction": 0.3},
        {"validation": True, "model": "ncf"},
        {"model": "ncf", "scoring_numbers": "q4"},
    ],
    ids=str,
)
def test_all_state_is_kept(options: dict[str, Any], small: Config, tmp_path: Path) -> None:
    config = Config.model_validate(small.model_dump() | options)
    for _ in range(3):
        resume = (tmp_path / "a").exists()
        assert list(islice(train(config, tmp_path / "a", resume), 3))
    list(train(config, tmp_path / "a", resume=True))
    list(train(config, tmp_path / "b"))
    assert_same(tmp_path / "a", tmp_path / "b")


def test_own_data(tmp_path: Path) -> None:
    def made(shift: int) -> data.Interactions:
        users = np.repeat(np.arange(30), 6)
        return data.from_columns("mine", users, (users * 7 + np.arange(180) + shift) % 50)

    config = Config(rounds=4, eval_every=2)
    next(train(config, tmp_path / "run", interactions=made(0)))
    with pytest.raises(FedrasError, match="mine is not the data that the run in"):
        train(None, tmp_path / "run", resume=True, interactions=made(1))
    list(train(None, tmp_path / "run", resume=True, interactions=made(0)))
    list(train(config, tmp_path / "whole", interactions=made(0)))
    assert_same(tmp_path / "run", tmp_path / "whole")
    assert len(fedras.load(tmp_path / "run", interactions=made(0)).recommend("7", 3)) == 3


def test_a_file_is_found_again_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (f"{user},{(user * 3 + step) % 20}\n" for user in range(10) for step in range(5))
    (tmp_path / "own.csv").write_text("user,item\n" + "".join(rows))
    monkeypatch.chdir(tmp_path)
    next(train(Config(dataset="own.csv", rounds=2), "run"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(list(train(None, tmp_path / "run", resume=True))) == 1
    assert fedras.load(tmp_path / "run").recommend("3", 2)


STOPPED_EARLY = """
import fedras, sys
config = fedras.Config(dataset="synthetic", users=40, items=60, interactions=400, rounds=20, dim=8)
rounds = fedras.train(config, out=sys.argv[1])
for result in rounds:
    if result.round == 7:
        {end}
"""


@pytest.mark.parametrize(
    "end",
    ["break", "sys.exit()", "raise SystemExit", "rounds.close(); break", "del rounds; break"],
)
def test_the_end_of_the_program_loses_no_round(end: str, tmp_path: Path) -> None:
    """Also where the iterator has a name, so that nothing drops it before."""
    script = [sys.executable, "-c", STOPPED_EARLY.replace("{end}", end), str(tmp_path / "run")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    checkpoint = RunFolder(tmp_path / "run").checkpoint()
    assert checkpoint is not None
    assert checkpoint.values["totals"]["rounds"] == 7


def test_a_disk_that_is_full_at_the_end_of_the_program_is_one_line(tmp_path: Path) -> None:
    full = "import shutil; shutil.rmtree(sys.argv[1]); break"
    script = [sys.executable, "-c", STOPPED_EARLY.replace("{end}", full), str(tmp_path / "run")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("fedras: error: cannot write ")
    assert done.stderr.count("\n") == 1


def test_a_fork_does_not_write_what_its_parent_goes_on_with(small: Config, tmp_path: Path) -> None:
    run = open_run(small.model_copy(update={"eval_every": 100}), tmp_path / "run")
    rounds = run.rounds()
    next(rounds)
    run._process += 1  # as in a fork
    rounds.close()
    assert RunFolder(tmp_path / "run").checkpoint() is None


def test_a_run_that_was_closed_goes_on(small: Config, finished: Path, tmp_path: Path) -> None:
    run = open_run(small, tmp_path / "run")
    next(run.rounds())
    other = open_run(None, tmp_path / "run", resume=True)
    with pytest.raises(FedrasError, match="another process is training"):
        next(run.rounds())
    other.close()
    assert [result.round for result in run.rounds()] == list(range(2, ROUNDS + 1))
    assert_same(finished, tmp_path / "run")


def test_a_run_that_somebody_else_went_on_with_is_not_set_back(
    small: Config, tmp_path: Path
) -> None:
    run = open_run(small, tmp_path / "run")
    next(run.rounds())
    next(fedras.train(None, tmp_path / "run", resume=True))
    with pytest.raises(FedrasError, match="another process has trained in"):
        next(run.rounds())

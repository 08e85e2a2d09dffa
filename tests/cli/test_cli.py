import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from helpers.small_runs import ARGUMENTS, ROUNDS, Fedras, assert_same, start

from fedras.cli.app import app
from fedras.cli.later import LaterGroup
from fedras.cli.options import setting
from fedras.config import Config
from fedras.run.folder import RunFolder


def test_help_and_mistakes_do_not_wait_for_numpy() -> None:
    script = (
        "import sys\nfrom fedras.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "known = {'numpy', 'fedras.core', 'pooch', 'starlette', 'uvicorn', 'jinja2'}\n"
        "slow = known & set(sys.modules)\n"
        "sys.exit(f'imported {slow}' if slow else 0)"
    )
    asked = "--help", "train --help", "explore --help", "train --datset x", "--version"
    for arguments in map(str.split, asked):
        done = subprocess.run(
            [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


def test_help_states_the_defaults(fedras: Fedras) -> None:
    group = typer.main.get_command(app)
    defaults = {
        parameter.name: found.group(1)
        for parameter in group.commands["train"].params  # type: ignore[attr-defined]
        if (found := re.search(r"\(default: (\S+)\)", getattr(parameter, "help", None) or ""))
    }
    stated = {name: text for name, text in defaults.items() if name in Config.model_fields}
    assert stated.pop("data_dir") == "$FEDRAS_DATA"
    assert stated.pop("at") == "5,10,20"
    assert stated == {name: str(getattr(Config(), name)) for name in stated}
    assert len(stated) == 7
    assert "train" in fedras().out
    assert fedras().status == 0


def test_the_list_of_commands_says_what_their_help_does() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, LaterGroup)
    assert len(group.commands) == 22
    for name, command in group.commands.items():
        assert command.name == name
        assert group.summary_of(name) == command.get_short_help_str(limit=10_000)


def test_version(fedras: Fedras) -> None:
    import fedras as package

    assert fedras("--version") == (0, f"fedras {package.__version__}\n", "")


def test_train_and_recommend(fedras: Fedras, tmp_path: Path, finished: Path) -> None:
    folder = tmp_path / "run"
    done = fedras("train", *ARGUMENTS, "--out", folder)
    assert done.status == 0
    assert f"recommendations: fedras recommend {folder} --user 0" in done.out
    assert all(word in done.out for word in ("HR@10", "NDCG@10", "uplink", "every byte"))
    shown = [line for line in done.err.splitlines() if "HR@10" in line]
    assert len(shown) == ROUNDS
    assert_same(folder, finished)
    found = fedras("recommend", folder, "--user", "3", "-k", "4", "--json")
    assert [set(item) for item in json.loads(found.out)] == [{"item", "title", "score"}] * 4
    table = fedras("recommend", folder, "--user", "3", "-k", "4").out.splitlines()
    assert [line.split()[1] for line in table[1:]] == [i["item"] for i in json.loads(found.out)]


def test_json_is_alone_on_stdout(fedras: Fedras, tmp_path: Path) -> None:
    done = fedras("train", *ARGUMENTS, "--rounds", 3, "--out", tmp_path / "a", "--json", "--quiet")
    assert done.err == ""
    assert json.loads(done.out) == RunFolder(tmp_path / "a").summary()
    again = fedras("train", "--resume", "--out", tmp_path / "a", "--json")
    assert again == (0, done.out, f"fedras: the run in {tmp_path / 'a'} is finished\n")


def test_flags_win_over_set_and_set_over_the_file(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(
        "dataset = 'synthetic'\nseed = 1\nrounds = 1\nusers = 50\ninteractions = 500\n"
        "[options]\nalpha = 0.3\n"
    )
    given = ["--config", "own.toml", "--set", "seed=2", "--set", "rounds=2"]
    given += ["--set", "rate_range=[0.1, 0.9]", "--seed", "3"]
    assert fedras("train", *given, "--quiet").status == 0
    config = RunFolder("runs/synthetic-mf-fedras-1").config()
    assert (config.seed, config.rounds, config.rate_range) == (3, 2, (0.1, 0.9))
    assert config.options["users"] == 50
    assert config.options["alpha"] == 0.3
    resolved = tmp_path / "runs/synthetic-mf-fedras-1/config.toml"
    assert fedras("train", "--config", resolved, "--quiet").status == 0
    assert_same(Path("runs/synthetic-mf-fedras-1"), Path("runs/synthetic-mf-fedras-2"))


def test_values_of_set() -> None:
    for text, value in {
        "a=1": 1,
        "a=0.5": 0.5,
        "a=true": True,
        "a=[0.1, 0.9]": [0.1, 0.9],
        "a='1'": "1",
        "a=ml-100k": "ml-100k",
        "a=x=y": "x=y",
        "a=": "",
        "a=1\nb=2": "1\nb=2",
    }.items():
        assert setting(text) == ("a", value)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["train", "--dataset", "ml100k"], 2, "unknown data set 'ml100k': did you mean 'ml-100k'?"),
        (["train", "--model", "mff"], 2, "unknown model 'mff': did you mean 'mf'?"),
        (["train", "--method", "fedros"], 2, "unknown method 'fedros': did you mean 'fedras'?"),
        (["train", "--set", "alpah=0.1"], 2, "unknown option 'alpah': did you mean 'alpha'?"),
        (["train", "--set", "alpha"], 2, "--set alpha: expected KEY=VALUE"),
        (["train", "--set", "alpha=[1]"], 2, "option"),
        (["train", "--set", "rate_range=[0.9,0.1]"], 2, "not an interval within [0, 1)"),
        (["train", "--compression-rate", "1"], 2, "option compression_rate: "),
        (["train", "--compression-rate", "-0.1"], 2, "option compression_rate: "),
        (["train", "--compression-rate", "nan"], 2, "option compression_rate: "),
        (["train", "--rounds", "many"], 2, "--rounds"),
        (["train", "--rounds", "0"], 2, "option rounds: "),
        (["train", "--actions", "0"], 2, "--actions"),
        (["train", "--actions", "99999999999999999999999"], 2, "option actions: a number of more"),
        (["train", "--actions", "8", "--compression-rate", "0.5"], 2, "give one of them"),
        (
            ["train", "--method", "topk", "--actions", "8"],
            2,
            "option actions does nothing here: it is of method",
        ),
        (["train", "--set", "min_interactions=2"], 2, "it is of data set from a file"),
        (["train", "--set", "dim=true", "--rounds", "1"], 2, "option dim: Input should be"),
        (["train", "--set", "alpha=nan"], 2, "option alpha: expected a finite number, got nan"),
        (["train", "--set", "alpha=" + "[" * 5000 + "]" * 5000], 2, "nested too deeply"),
        (["train", "--config", "deep.toml"], 2, "deep.toml is nested too deeply"),
        (["train", "--method", "jointrec", "--set", "numbers=zz"], 2, "unknown number format 'zz'"),
        (["train", "ml-1m", "--dataset", "ml-100k"], 2, "give one data set, ml-1m or --dataset"),
        (["train", "ml100k"], 2, "unknown data set 'ml100k': did you mean 'ml-100k'?"),
        (["federate", "--reply-timeout", "nan"], 2, "--reply-timeout"),
        (["federate", "--nodes", "99999999999999999999999"], 2, "--nodes"),
        (["plan", "speeds.csv", "--out", "r.csv", "--seconds", "nan"], 2, "nan is not a finite"),
        (["plan", "speeds.csv", "--seconds", "inf"], 2, "--seconds"),
        (["plan", "--dim", "9" * 30], 2, "--dim"),
        (["plan", "--items", "9" * 30], 2, "--items"),
        (["plan", "fast.csv", "--items", "9"], 2, "fast.csv:1: '1e308' are no bytes"),
        (["plan", "1Mbit", "--out", "r.csv"], 2, "give a CSV of user,bytes per second"),
        (["plan", "1Mbit", "7 parsecs"], 2, "'7 parsecs' is no speed such as 64kbit"),
        (["plan", "no.csv", "--items", "9"], 1, "cannot read no.csv"),
        (["plan", "--items", "9", "--set", "method=svd"], 2, "svd shares no actions"),
        (["plan", "--items", "9", "--set", "actions=2"], 2, "give --actions"),
        (["plan", "--items", "9", "--set", "alpah=2"], 2, "did you mean 'alpha'?"),
        (["reproduce", "table1", "--seeds", "9" * 30], 2, "--seeds"),
        (["reproduce", "table1", "--rounds", "9" * 30], 2, "--rounds"),
        (["reproduce", "table1", "--workers", "9" * 30], 2, "--workers"),
        (["data", "split", "ml-100k", "--nodes", "9" * 30, "--out", "n"], 2, "--nodes"),
        (["train", "--nonsense"], 2, "--nonsense"),
        (["nonsense"], 2, "nonsense"),
        (["data"], 2, "Missing command"),
        (["train", "--config", "no.toml"], 1, "cannot read no.toml"),
        (["train", "--config", "bad.toml"], 2, "bad.toml is not TOML"),
        (["train", "--config", "odd.toml"], 2, "odd.toml: options is not a table"),
        (["train", "--dataset", "no.csv"], 1, "no.csv: there is no such file"),
        (["train", "--dataset", "nan.csv"], 1, "nan.csv:2"),
        (["train", "--dataset", "lone.csv", "--columns", "user=who"], 1, "no column 'who'"),
        (["train", "--dataset", "ml-1m", "--columns", "user=a"], 2, "columns does nothing here"),
        (["data", "check", "nan.csv"], 1, "nan.csv:2: the user id is 'nan'"),
        (["data", "info", "lone.csv", "--set", "where=item=9"], 1, "no row meets"),
        (
            ["data", "split", "lone.csv", "--nodes", "2", "--out", "x", "--set", "y=1"],
            2,
            "no option",
        ),
        (["train", "--dataset", "empty.csv"], 1, "empty.csv"),
        (["train", "--resume"], 2, "give its folder as --out"),
        (["train", "--resume", "--out", "nowhere"], 2, "nowhere holds no run"),
        (["train", "--out", "full"], 2, "full is not empty; continue its run with --resume"),
        (["train", "--out", "bad.toml"], 2, "bad.toml is no folder"),
        (["train", "--rounds", "1", *ARGUMENTS, "--out", "bad.toml/x"], 2, "is no folder"),
        (["recommend", "nowhere", "--user", "1"], 2, "nowhere holds no run"),
        (["recommend", "nowhere"], 2, "--user"),
        (["data", "info", "nowhere"], 2, "unknown data set 'nowhere'"),
        (["data", "fetch", "synthetic"], 2, "nothing to fetch"),
    ],
    ids=lambda value: " ".join(value[:4])[:60] if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(
    arguments: list[str],
    status: int,
    message: str,
    fedras: Fedras,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.toml").write_text("rounds = ")
    (tmp_path / "odd.toml").write_text("options = 3")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    (tmp_path / "speeds.csv").write_text("1,1000\n")
    (tmp_path / "fast.csv").write_text("1,1e308\n")
    (tmp_path / "nan.csv").write_text("user,item,rating\nnan,1,nan\n")
    (tmp_path / "lone.csv").write_text("user,item\na,1\na,2\nb,1\n")
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    before = sorted(tmp_path.rglob("*"))
    done = fedras(*arguments)
    assert done.status == status
    assert done.out == ""
    assert done.err.startswith("fedras: error: ")
    assert message in done.err
    assert done.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_resuming_with_other_options(fedras: Fedras, finished: Path) -> None:
    done = fedras("train", "--resume", "--out", finished, "--seed", 5)
    assert done.status == 2
    assert done.err.startswith(f"fedras: error: option seed is 5 here but 0 in {finished}; ")
    done = fedras("train", "--resume", "--out", finished, "--threads", 2, "--rounds", ROUNDS)
    assert done.status == 0


def test_two_at_once(fedras: Fedras, finished: Path) -> None:
    held = RunFolder(finished)
    held.lock()
    done = fedras("train", "--resume", "--out", finished)
    held.release()
    assert done.status == 1
    assert done.err.startswith(f"fedras: error: another process is training in {finished}; ")
    assert done.err.count("\n") == 1


def test_damaged_checkpoint(fedras: Fedras, finished: Path, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_bytes((finished / "config.toml").read_bytes())
    whole = (finished / "checkpoint.npz").read_bytes()
    (tmp_path / "checkpoint.npz").write_bytes(whole[: len(whole) // 2])
    for command in (["train", "--resume", "--out"], ["recommend", "--user", "1"]):
        done = fedras(*command, tmp_path)
        assert done.status == 1
        assert "checkpoint.npz is damaged; delete it" in done.err
        assert done.err.count("\n") == 1


def test_both_commands_have_the_options_of_a_run() -> None:
    group = typer.main.get_command(app)
    train, federate = (
        {parameter.name: parameter for parameter in group.commands[name].params}  # type: ignore[attr-defined]
        for name in ("train", "federate")
    )
    assert federate.keys() - train.keys() == {"nodes", "reply_timeout"}
    assert train.keys() <= federate.keys()
    assert all(train[name].help == federate[name].help for name in train)


def test_lists(fedras: Fedras) -> None:
    for command, name in (("methods", "fedras"), ("models", "mf"), ("aggregations", "mean")):
        found = {entry["name"]: entry for entry in json.loads(fedras(command, "--json").out)}
        assert found[name]["summary"]
        assert found[name]["citation"] in fedras(command).out
    methods = {method["name"]: method for method in json.loads(fedras("methods", "--json").out)}
    options = {option["name"]: option for option in methods["fedras"]["options"]}
    assert options["alpha"]["default"] == 0.2
    assert options["alpha"]["description"]
    assert "--set alpha=0.2" in fedras("methods").out
    found = {entry["name"]: entry for entry in json.loads(fedras("data", "list", "--json").out)}
    assert found["synthetic"]["available"] == "generated"
    assert set(found) <= set(fedras("data", "list").out.split())


def test_data_info(fedras: Fedras) -> None:
    found = json.loads(fedras("data", "info", "synthetic", "--json").out)
    assert found["interactions"] == 50_000
    text = fedras("data", "info", "synthetic").out
    assert re.search(r"^interactions +50,000$", text, re.MULTILINE)
    assert "--set users=1000" in text


def test_a_reader_who_leaves_causes_no_traceback() -> None:
    process = start("models")
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    with process.stderr as stderr:
        assert stderr.read() == ""
    assert process.wait() == 1

import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from helpers.small_runs import Fedras
from packaging.requirements import Requirement

from fedras import extras
from fedras.cli import doctor


def test_what_is_there_is_said(
    fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEDRAS_DATA", str(tmp_path))
    (tmp_path / "one").write_bytes(b"x" * 1234)
    done = fedras("doctor", "--json")
    said = json.loads(done.out)
    assert (done.status, said["problems"]) == (0, [])
    assert said["packages"]["numpy"] == version("numpy")
    assert said["machine"]["threads"] >= 1
    folders = {each["what"]: each for each in said["folders"]}
    assert folders["data of FEDRAS_DATA"] == {
        "what": "data of FEDRAS_DATA",
        "path": str(tmp_path),
        "there": True,
        "writable": True,
        "bytes": 1234,
    }
    assert not folders["runs"]["there"]
    assert list(tmp_path.iterdir()) == [tmp_path / "one"]
    text = fedras("doctor").out
    assert "all that is needed is there" in text
    assert f"numpy          {version('numpy')}" in text


def test_every_extra_for_users_is_there(fedras: Fedras) -> None:
    said = json.loads(fedras("doctor", "--json").out)["extras"]
    assert {"flower", "figures", "sql", "export", "privacy"} <= set(said)
    assert not {"test", "dev", "all"} & set(said)


def lacking(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    def found(name: str) -> str:
        if name in names:
            raise PackageNotFoundError
        return version(name)

    monkeypatch.setattr(extras, "version", found)


def test_an_extra_that_is_missing_is_no_fault_and_can_be_had(
    fedras: Fedras, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "flwr")
    done = fedras("doctor", "--json")
    assert done.status == 0
    flower = json.loads(done.out)["extras"]["flower"]
    assert flower["versions"]["flwr"] is None
    words = flower["get"].split()
    assert words[:2] == ["pip", "install"]
    assert {Requirement(word.strip('"')).name for word in words[2:]} == {"flwr", "cryptography"}
    assert flower["get"] in fedras("doctor").out


def test_what_is_needed_and_missing_or_old_is(
    fedras: Fedras, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking(monkeypatch, "pooch")
    done = fedras("doctor")
    assert done.status == 1
    assert 'problem: pooch is missing; run: pip install "pooch>=' in done.out
    monkeypatch.setattr(extras, "version", lambda name: "0.1" if name == "rich" else version(name))
    done = fedras("doctor", "--json")
    assert done.status == 1
    (problem,) = json.loads(done.out)["problems"]
    assert problem.startswith("rich is 0.1; run: ")


def test_a_core_that_does_not_run_is(fedras: Fedras, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise OSError("no libm\nanywhere")

    monkeypatch.setattr(doctor, "_compute", broken)
    done = fedras("doctor", "--json")
    assert done.status == 1
    assert json.loads(done.out)["problems"] == ["the compiled core does not run: OSError: no libm"]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert doctor._writable(tmp_path / "new" / "newer")
    assert not doctor._writable(Path("/proc/nothing"))


def test_a_package_without_metadata_is_named_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(_: str) -> list[str]:
        raise PackageNotFoundError

    monkeypatch.setattr(extras, "requires", nothing)
    extras.required.cache_clear()
    assert extras.install("flower") == 'pip install ".[flower]"'
    extras.required.cache_clear()

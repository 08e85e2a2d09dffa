"""A wrong value of any option is refused before there is a folder, and in one line."""

from pathlib import Path

import pytest
from helpers.small_runs import ARGUMENTS, Fedras
from pydantic import Field

from fedras.codecs.plain import Plain
from fedras.methods import METHODS, Method

WRONG = {
    int: ["-1", "1.5", "true", "nan", "many", "99999999999999999999999", "[1]"],
    float: ["-1", "nan", "inf", "1e300", "true", "wide", "[1]", "99999999999999999999999"],
    bool: ["1", "maybe", "nan", "[true]"],
    str: ["zzz", "1", "true", "nan", "['f32']"],
}
CASES = [
    (method, option, value)
    for method in METHODS.names()
    for option, field in METHODS.get(method).model_fields.items()
    for value in WRONG.get(field.annotation, WRONG[str])  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("method", "option", "value"), CASES)
def test_wrong_values(method: str, option: str, value: str, fedras: Fedras, tmp_path: Path) -> None:
    given = ["--method", method, "--set", f"{option}={value}", "--compression-rate", "0.75"]
    done = fedras("train", *ARGUMENTS, *given, "--out", tmp_path / "run")
    assert done.status == 2
    assert done.err.startswith(f"fedras: error: option {option}: ")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


class _Loose(Method):
    """A method of another package whose declaration lets anything pass."""

    citation = "tests"
    coding: str = Field("zzz")

    def uplink(self, budget: int, shared: object) -> Plain:
        return Plain(self.coding)


@pytest.mark.parametrize("command", ["train", "federate"])
def test_what_only_a_codec_notices(
    command: str, fedras: Fedras, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    METHODS.names()
    monkeypatch.setitem(METHODS._components, "loose", _Loose)
    given = [*ARGUMENTS, "--method", "loose", "--quiet", "--out", tmp_path / "run"]
    done = fedras(command, *given)
    assert done.status == 2
    assert done.err.startswith("fedras: error: unknown number format 'zzz'")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("threads", ["-1", "4097", "9" * 20])
def test_threads_of_a_node(threads: str, fedras: Fedras) -> None:
    names = ("superlink", "root", "key", "folder", "data", "catalogue")
    given = [word for name in names for word in (f"--{name}", "x")]
    done = fedras("node", *given, "--threads", threads)
    assert done.status == 2
    assert "'--threads'" in done.err
    assert "0<=x<=4096" in done.err
    assert done.err.count("\n") == 1

"""Ctrl-C while a federation starts: one line, and the same command can be given again."""

from pathlib import Path

import pytest
from helpers.small_federation import interactions
from helpers.small_runs import start

from fedras.components import make_config
from fedras.errors import FedrasError
from fedras.flower.loopback import Loopback
from fedras.run.folder import RunFolder

_PATIENCE = 120.0  # seconds
_STOP = """
import os, signal
from fedras.nodes import split
from fedras.flower.loopback import Loopback
owner, name = {moment}
before = getattr(owner, name)
def stop(*given):
    done = before(*given)
    os.kill(os.getpid(), signal.SIGINT)
    return done
setattr(owner, name, stop)
"""


@pytest.mark.parametrize(
    ("moment", "out"), [("split, '_write'", None), ("Loopback, '_register'", "run")]
)
def test_nothing_is_left(
    moment: str, out: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ["--dataset", "synthetic", "--rounds", "2", "--nodes", "2", "--quiet"]
    given += [] if out is None else ["--out", out]
    process = start("federate", *given, code=_STOP.format(moment=moment))
    said, err = process.communicate(timeout=_PATIENCE)
    assert (process.returncode, said) == (130, "")
    assert err.splitlines()[-1] == "fedras: stopped before the first round"
    assert "Traceback" not in err
    assert not [path for path in tmp_path.rglob("*") if path.name != "runs"]


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize("begun", [False, True])
def test_nodes_are_whole_before_the_first_round(
    begun: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a start that was killed left some of them; later ones are not written again."""
    run = RunFolder(tmp_path / "run")
    run.create(make_config({}))
    run.release()
    (run.path / "nodes").mkdir()
    (run.path / "nodes" / "catalogue.csv").touch()
    if begun:
        (run.path / "checkpoint.npz").touch()
        assert run.has_begun()
    error: BaseException = FedrasError("no SuperLink")
    monkeypatch.setattr(Loopback, "_start_superlink", lambda _: fail(error))
    with pytest.raises(FedrasError, match="no SuperLink"), Loopback(run.path, interactions(), 2):
        pass
    nodes = [run.path / "nodes" / f"node-{number}" / "interactions.csv" for number in range(2)]
    assert [path.exists() for path in nodes] == [not begun] * 2
    assert (run.path / "logs").is_dir()  # they say why
    error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt), Loopback(run.path, interactions(), 2):
        pass
    assert (run.path / "nodes").exists() is begun

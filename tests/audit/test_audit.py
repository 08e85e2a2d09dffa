"""An audit of a run: by its own uploads, the same each time, and without a trace in the run."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.small_runs import Fedras

from fedras.api import fit
from fedras.arrays import Int64s
from fedras.audit import Audit, audit
from fedras.audit.watching import Watch
from fedras.config import Config
from fedras.errors import UsageError
from fedras.federation.client import Silo
from fedras.federation.simulator import Simulation
from fedras.federation.wire import Broadcast, Upload
from fedras.run.folder import AUDIT, RunFolder
from fedras.run.run import Run
from fedras.run.trained import Trained
from fedras.run.training import open_run

OPTIONS: dict[str, Any] = {
    "dataset": "synthetic",
    "users": 60,
    "items": 300,
    "interactions": 900,
    "rounds": 30,
    "eval_every": 10,
    "client_fraction": 0.5,
    "baselines": False,
    "dim": 8,
}


def trained(out: Path | None = None, **options: object) -> Trained:
    """Return a run that is done, kept or not."""
    run = open_run(Config.model_validate(OPTIONS | options), out)
    for _ in run.rounds():
        pass
    return Trained(run)


@pytest.fixture(scope="module")
def plain() -> Trained:
    return trained(method="base", compression_rate=0.0)


def f1(found: Audit) -> dict[tuple[str, int], float]:
    return {(row.when, row.uploads): row.f1 for row in found.rows}


def test_uncompressed_uploads_name_everything(plain: Trained) -> None:
    found = audit(plain)
    assert list(f1(found)) == [(when, k) for when in ("beginning", "end") for k in (1, 2, 5, 10)]
    assert all(value > 0.95 for value in f1(found).values())
    assert all(row.popular < 0.6 for row in found.rows)
    assert found.rounds == 30
    assert found.repeated <= 30
    assert "from five uploads a curious server names" in found.text
    json.dumps(found.plain())


@pytest.mark.parametrize(
    "options",
    [
        {"compression_rate": 0.97},
        {"method": "fedras-e", "compression_rate": 0.97},
        {"method": "topk", "compression_rate": 0.875},
        {"method": "svd", "compression_rate": 0.875},
        {"method": "powersgd", "compression_rate": 0.875, "uplink_error_feedback": True},
        {"model": "ncf", "compression_rate": 0.97},
        {"actions": 4, "bias": False, "rate_range": (0.6, 0.9)},
    ],
    ids=str,
)
def test_few_bytes_are_not_private(options: dict[str, Any]) -> None:
    assert audit(trained(**options)).worst.f1 > 0.9


def test_noise_on_all_rows_hides_items() -> None:
    found = audit(trained(dp_noise_multiplier=4.0, dp_clip_norm=0.5))
    assert all(row.f1 < row.popular + 0.05 for row in found.rows)


def test_first_uploads_are_those_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    sent, seen = (list[tuple[int, list[int], list[bytes]]]() for _ in range(2))
    options = OPTIONS | {"actions": 4, "patience": 1}
    simulation = Simulation(Config.model_validate(options))
    deliver = simulation.transport

    def noted(broadcast: Broadcast, cohort: Int64s) -> Sequence[Upload | None]:
        uploads = deliver(broadcast, cohort)
        sent.append((broadcast.round, cohort.tolist(), [each.items for each in uploads if each]))
        return uploads

    simulation.transport = noted
    run = Run(simulation)
    for _ in run.rounds():
        pass
    saw = Watch.saw

    def spied(watch: Watch, silo: Silo, cohort: Int64s, uploads: Sequence[Upload | None]) -> None:
        seen.append((silo.version, cohort.tolist(), [each.items for each in uploads if each]))
        saw(watch, silo, cohort, uploads)

    monkeypatch.setattr(Watch, "saw", spied)
    found = audit(Trained(run))
    assert found.repeated >= 10
    assert seen[: found.repeated] == sent[: found.repeated]


def test_it_is_the_same_each_time_with_any_number_of_threads(plain: Trained) -> None:
    one, two = (audit(trained(actions=4, error_feedback=True, threads=n)) for n in (1, 2))
    assert one == two
    assert audit(plain, users=20) == audit(plain, users=20)


def test_the_run_is_as_it_was() -> None:
    run = trained(uplink_error_feedback=True, actions=4)
    before = run.silo.state()
    kept = {name: array.copy() for name, array in before.arrays.items()}
    audit(run)
    after = run.silo.state()
    assert after.values == before.values
    for name, array in kept.items():
        np.testing.assert_array_equal(after.arrays[name], array, strict=True)


def test_somebody_must_be_learnt_from(plain: Trained) -> None:
    lone = fit({"user": list("aaabbb"), "item": [1, 2, 3, 1, 2, 4]}, rounds=2, progress=False)
    with pytest.raises(UsageError, match="needs at least 4, not 2"):
        audit(lone)
    with pytest.raises(UsageError, match="needs at least 4, not 3"):
        audit(plain, users=3)
    assert all(row.users <= 4 for row in audit(plain, users=4).rows)


def test_the_command_keeps_it_beside_the_run(fedras: Fedras, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    trained(out=folder, method="base", compression_rate=0.0)
    done = fedras("audit", folder, "--users", "30")
    assert done.status == 0
    assert done.out.startswith("from five uploads a curious server names")
    assert done.err == f"fedras: wrote {folder / AUDIT}\n"
    kept = RunFolder(folder).audit()
    assert json.loads(fedras("audit", folder, "--users", "30", "--json").out) == kept
    assert kept is not None
    assert kept["f1"] > 0.9
    (row,) = json.loads(fedras("compare", folder, "--json").out)["rows"]
    assert (row["leak"], row["leak_of_popular"]) == (kept["f1"], kept["popular"])
    assert "leak" in fedras("compare", folder).out


def test_an_audit_of_an_earlier_round_is_not_shown(fedras: Fedras, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    trained(out=folder)
    RunFolder(folder).write_audit({"rounds": 10, "f1": 1.0, "popular": 0.2, "text": "said"})
    (row,) = json.loads(fedras("compare", folder, "--json").out)["rows"]
    assert row["leak"] is None
    RunFolder(folder).write_audit({"rounds": 30})
    refused = fedras("compare", folder)
    assert refused.status == 1
    assert "run fedras audit again" in refused.err


def test_there_must_be_a_run(fedras: Fedras, tmp_path: Path) -> None:
    refused = fedras("audit", tmp_path)
    assert refused.status == 2
    assert "holds no run" in refused.err

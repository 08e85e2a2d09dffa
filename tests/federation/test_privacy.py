"""Local differential privacy: what is clipped, what is added, and what is reported."""

import json
import math
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from helpers.small_federation import DIM, N_ITEMS, interactions, simulation
from helpers.uploads import update
from pydantic import ValidationError

from fedras.arrays import Float32s
from fedras.cli.summary import print_summary
from fedras.codecs import Payload, RowUpdate
from fedras.codecs.codec import decode
from fedras.components import make_config
from fedras.config import Config
from fedras.core.random import normals
from fedras.errors import UsageError
from fedras.federation.privacy import guarantee, privatise, system_normals
from fedras.rng import Purpose, keys
from fedras.run.folder import RunFolder
from fedras.run.resumption import agreed

KEYS = keys(5, Purpose.PRIVACY, 0, np.arange(4, dtype=np.uint64))
NOISE = {"dp_noise_multiplier": 1.0}
DRAWS = [partial(normals, own) for own in KEYS]
NO_SCORING = np.zeros((4, 0), np.float32)


def config(**given: object) -> Config:
    usual = {"dp_noise_multiplier": 1.0, "dp_clip_norm": 0.5, "dp_all_rows": False}
    return Config.model_validate(usual | given)


def silent(n: int, deviation: float) -> Float32s:
    assert deviation == 0.5
    return np.zeros(n, np.float32)


@pytest.mark.parametrize("scale", [0.0, 1e-3, 1.0, 1e6])
def test_what_is_clipped_and_what_is_cut_add_up(scale: float) -> None:
    given = [update(seed, 5 + seed, scale) for seed in range(4)]
    changes = (scale * np.random.default_rng(0).normal(size=(4, 6))).astype(np.float32)
    said, changed = privatise(config(), given, changes, [silent] * 4)
    for one, other, change, own in zip(given, said, changes, changed, strict=True):
        before = np.append(one.values.ravel(), change).astype(np.float64)
        after = np.append(other.values.ravel(), own).astype(np.float64)
        assert other.rows.tolist() == one.rows.tolist()
        length = float(np.linalg.norm(before))
        assert np.linalg.norm(after) == pytest.approx(min(length, 0.5), rel=1e-5, abs=1e-9)
        # What was cut off is the same vector again, only shorter.
        cut = before - after
        np.testing.assert_allclose(cut * 0.5, after * max(length - 0.5, 0), rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize("system", [False, True])
def test_the_noise_is_normal_and_independent(system: bool) -> None:
    nothing = RowUpdate(
        np.arange(N_ITEMS, dtype=np.int32), np.zeros((N_ITEMS, DIM), np.float32), N_ITEMS
    )
    clients = keys(1, Purpose.PRIVACY, 3, np.arange(200, dtype=np.uint64))
    said, changed = privatise(
        config(dp_noise_multiplier=3.0),
        [nothing] * 200,
        np.zeros((200, 4), np.float32),
        [system_normals if system else partial(normals, own) for own in clients],
    )
    noise = np.array(
        [np.append(own.values, change) for own, change in zip(said, changed, strict=True)]
    )
    noise = noise.astype(np.float64) / 1.5  # 200 x 304 numbers, so a mean is known to 1 / 247
    assert abs(noise.mean()) < 4 / math.sqrt(noise.size)
    assert noise.var() == pytest.approx(1, abs=4 * math.sqrt(2 / noise.size))
    assert (np.abs(noise) < 1.959964).mean() == pytest.approx(0.95, abs=0.004)
    between = np.corrcoef(noise[:20]) - np.eye(20)
    assert np.abs(between).max() < 5 / math.sqrt(noise.shape[1])


def test_the_noise_is_drawn_by_key() -> None:
    given = [update(seed) for seed in range(4)]
    one, _ = privatise(config(dp_noise_multiplier=1.0), given, NO_SCORING, DRAWS)
    again, _ = privatise(config(dp_noise_multiplier=1.0), given[::-1], NO_SCORING, DRAWS[::-1])
    others = [partial(normals, own + np.uint64(1)) for own in KEYS]
    other, _ = privatise(config(dp_noise_multiplier=1.0), given, NO_SCORING, others)
    for mine, same, new in zip(one, again[::-1], other, strict=True):
        assert mine.values.tobytes() == same.values.tobytes()
        assert (mine.values != new.values).all()


def test_rows_that_were_not_touched_can_be_hidden() -> None:
    hidden = config(dp_all_rows=True, dp_noise_multiplier=0.001)
    (said,), _ = privatise(hidden, [update(0)], NO_SCORING[:1], DRAWS[:1])
    assert said.rows.tolist() == list(range(N_ITEMS))
    assert (said.values != 0).all()
    far = np.linalg.norm(said.values.astype(float), axis=1) > 0.01
    assert np.flatnonzero(far).tolist() == update(0).rows.tolist()


def test_noise_hides_the_rows_unless_it_is_told_not_to() -> None:
    assert Config.model_validate(NOISE).dp_all_rows
    assert not Config.model_validate(NOISE | {"dp_all_rows": False}).dp_all_rows
    assert not Config().dp_all_rows  # so that runs without noise are called what they were called
    assert Config(dp_noise_multiplier=1.0) == Config.model_validate(NOISE | {"dp_all_rows": True})
    sim = simulation(**NOISE)
    (upload,) = sim.silo.train(np.array([3]))
    payload = Payload.from_bytes(upload.items, sim.server.items.shape)
    assert decode(payload).rows.tolist() == list(range(N_ITEMS))


def test_what_follows_the_noise_is_not_asked_for(tmp_path: Path) -> None:
    """So a private run goes on when only its folder is named, and another `dp_all_rows` is told."""
    given = make_config({"dataset": "synthetic", "dp_noise_multiplier": 1.0})
    folder = RunFolder(tmp_path)
    folder.create(given)
    for again in ({}, {"dp_noise_multiplier": 1.0}, NOISE | {"dp_all_rows": True}):
        assert agreed(folder, Config.model_validate(again)).dp_all_rows
    for other in ({"dp_all_rows": False}, NOISE | {"dp_all_rows": False}):
        with pytest.raises(UsageError, match="option dp_all_rows is False here but True"):
            agreed(folder, Config.model_validate(other))


def test_rows_are_not_hidden_without_noise() -> None:
    for noise in ({}, {"dp_noise_multiplier": 0.0}):
        with pytest.raises(ValidationError, match="and there is none; give dp_noise_multiplier"):
            Config.model_validate(noise | {"dp_all_rows": True})


def test_the_systems_noise_is_the_systems() -> None:
    """It comes from `os.urandom`, in any number, and never twice."""
    with patch("os.urandom", bytes):
        assert not system_normals(5, 1.0).any()
    with patch("os.urandom", lambda n: b"\xff" * n):
        largest = system_normals(2, 1.0).astype(float)
    assert np.isfinite(largest).all()
    assert np.linalg.norm(largest) == pytest.approx(math.sqrt(2 * 53 * math.log(2)))
    for n in (0, 1, 2, 7):
        one, other = system_normals(n, 2.0), system_normals(n, 2.0)
        assert one.dtype == np.float32
        assert one.shape == (n,)
        assert (one != other).all()


@pytest.mark.parametrize("model", ["mf", "ncf"])
def test_runs_are_reproducible_and_secrets_matter(model: str) -> None:
    options = {"model": model, "dp_noise_multiplier": 0.1, "dp_all_rows": True}
    one, same, other = (simulation(**options) for _ in range(3))
    other.silo.noise = system_normals
    for _ in range(2):
        for sim in (one, same, other):
            sim.step()
    assert one.server.items.tobytes() == same.server.items.tobytes()
    assert one.server.items.tobytes() != other.server.items.tobytes()


@pytest.mark.parametrize(("multiplier", "uploads"), [(2.0, 1), (8.0, 1), (20.0, 6)])
def test_epsilon_is_no_less_than_the_exact_one_and_not_much_more(
    multiplier: float, uploads: int
) -> None:
    """The exact delta of Gaussian noise: Balle and Wang, ICML 2018, theorem 8."""
    sim = simulation(dp_noise_multiplier=multiplier, client_fraction=1.0)
    told = guarantee(sim.server, uploads)
    assert told["uploads"] == uploads
    mu = 2 * math.sqrt(uploads) / multiplier

    def delta(epsilon: float) -> float:
        low, high = mu / 2 - epsilon / mu, -mu / 2 - epsilon / mu
        return _cdf(low) - math.exp(epsilon) * _cdf(high)

    assert delta(told["epsilon"]) <= told["delta"] == 1e-5
    assert delta(told["epsilon"] / 1.25) > 1e-5


def _cdf(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


def test_more_noise_is_more_privacy_and_more_rounds_are_less() -> None:
    noisy, calm = (simulation(dp_noise_multiplier=z).server for z in (4.0, 2.0))
    assert guarantee(noisy, 5)["epsilon"] < guarantee(calm, 5)["epsilon"]
    assert guarantee(noisy, 1)["uploads"] == 1
    assert guarantee(noisy, 5)["epsilon"] < guarantee(noisy, 50)["epsilon"]


def test_the_summary_reports_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from fedras.run.training import train

    plain = simulation().given.flat() | {"rounds": 2}
    noisy = {"dp_noise_multiplier": 3.0, "dp_delta": 1e-4}
    seen: dict[str, Any] = {"plain": {}, "private": noisy, "rows": noisy | {"dp_all_rows": False}}
    told, printed = {}, {}
    for name, options in seen.items():
        given = make_config({k: v for k, v in plain.items() if k != "dp_all_rows"} | options)
        for _ in train(given, tmp_path / name, interactions=interactions()):
            pass
        summary = json.loads((tmp_path / name / "summary.json").read_text())
        told[name] = summary.get("privacy")
        print_summary(summary, name, name, "u01")
        printed[name] = [x for x in capsys.readouterr().out.splitlines() if "privacy" in x]
    assert told["plain"] is None
    assert printed["plain"] == []
    assert told["private"]["delta"] == 1e-4
    assert told["private"]["epsilon"] > 0
    assert told["private"]["rows_hidden"]
    assert printed["private"] == [
        f"privacy: epsilon {told['private']['epsilon']:.3g} at delta 0.0001"
    ]
    assert told["rows"].keys() == {"rows_hidden", "no_epsilon"}
    assert not told["rows"]["rows_hidden"]
    assert printed["rows"] == [f"privacy: {told['rows']['no_epsilon']}"]
    assert "epsilon" not in printed["rows"][0].removeprefix("privacy: no epsilon holds")


def test_without_the_accountant_the_error_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['dp_accounting'] = None\n"
        "from fedras.cli import main\n"
        "given = ['--set', 'dp_noise_multiplier=1', '--out', 'run']\n"
        "main(['train', '--dataset', 'synthetic', *given])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "fedras: error: dp_noise_multiplier needs an accountant; run: "
        'pip install "dp-accounting>=0.5"'
    )
    assert not list(tmp_path.iterdir())

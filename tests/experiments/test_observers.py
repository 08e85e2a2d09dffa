"""What is measured beside quality and bytes, and that measuring changes nothing."""

from typing import Any

import numpy as np
import pytest
from helpers.small_experiments import SMALL

from fedras.experiments.task import Row, Task, perform
from fedras.run import summary
from fedras.run.training import open_run

TIMELESS = ("seconds", "wall_seconds", "peak_memory_mb", "key", "observe", "observed")


def _row(observe: str, **given: Any) -> Row:
    options = {**SMALL, "items": 200, "method": "fedras", "compression_rate": 0.9, **given}
    return perform(Task.of(options, observe))


@pytest.mark.parametrize("observe", ["losses", "clusters"])
@pytest.mark.parametrize("method", ["fedras", "fedras-e"])
def test_a_run_that_is_observed_is_the_same_run(observe: str, method: str) -> None:
    plain, watched = _row("", method=method), _row(observe, method=method)
    for name in TIMELESS:
        plain.pop(name, None)
        watched.pop(name, None)
    assert plain == watched


def test_what_is_sent_as_it_is_loses_nothing() -> None:
    lost = _row("losses", method="base", compression_rate=0.0)["observed"]
    assert lost["client_loss"] == pytest.approx(0, abs=1e-14)
    assert lost["server_loss"] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("method", ["fedras", "fedras-e", "topk", "colr"])
def test_more_compression_loses_more(method: str) -> None:
    rates = (0.5, 0.9688)
    less, more = (
        _row("losses", method=method, compression_rate=rate)["observed"] for rate in rates
    )
    assert 0 < less["total_loss"] < more["total_loss"]
    assert more["total_loss"] == more["client_loss"] + more["server_loss"]


def test_colr_loses_on_clients_only() -> None:
    lost = _row("losses", method="colr", compression_rate=0.75)["observed"]
    assert lost["client_loss"] > 0
    assert lost["server_loss"] < 1e-9 * lost["client_loss"]


def test_the_servers_loss_is_what_its_replica_lacks() -> None:
    """In the first round both sides start from the same matrix: the loss is their difference."""

    row = _row("losses", rounds=1)
    run = open_run(
        Task.of(
            {**SMALL, "items": 200, "method": "fedras", "compression_rate": 0.9} | {"rounds": 1}
        ).config
    )
    list(run.rounds())
    server = run.federation.server
    expected = np.square(server.items - server.streams[0].replica).mean()
    assert row["observed"]["server_loss"] == pytest.approx(float(expected), rel=1e-4)


def test_clusters_hold_all_rows() -> None:
    row = _row("clusters")
    counts = {int(size): count for size, count in row["observed"]["clusters_by_size"].items()}
    assert sum(counts.values()) == pytest.approx(row["avg_actions"], abs=1e-3)
    touched = sum(size * count for size, count in counts.items())
    assert row["avg_actions"] < touched <= 200


def test_times_and_bytes() -> None:
    coded = _row("compression-time", rounds=9)["observed"]
    whole = _row("compression-time", method="base", compression_rate=0.0)["observed"]
    assert coded["bytes"] < whole["bytes"]
    assert whole["bytes"] > whole["rows"] * 32 * 4
    assert coded["compression_seconds"] > 0
    assert whole["compression_seconds"] == 0
    assert whole["total_seconds"] == whole["communication_seconds"]
    assert whole["communication_seconds"] == pytest.approx(whole["bytes"] / (0.75 * 2**20))
    assert "numpy_svd_seconds" not in coded
    svd = _row("compression-time", method="svd", compression_rate=0.75)["observed"]
    assert svd["numpy_svd_seconds"] > 0


def test_statistics() -> None:
    counted = _row("statistics")["observed"]
    assert counted == {
        "interactions": 300,
        "users": 30,
        "items": 200,
        "sparsity": pytest.approx(95.0),
    }


@pytest.mark.parametrize("observe", ["", "losses", "compression-time", "statistics"])
def test_every_row_says_what_it_was_computed_with(observe: str) -> None:
    row = _row(observe, rounds=1)
    assert row["versions"] == summary.versions()
    assert row["config"]["seed"] == 0

"""Runs in threads of one process, and in forks of a process that has trained."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from fedras.config import Config
from fedras.run.training import train

SMALL = {"dataset": "synthetic", "users": 100, "items": 200, "interactions": 2500, "rounds": 3}
COMPRESSED = {"dim": 8, "compression_rate": 0.75}


def metrics(options: dict[str, object]) -> dict[str, float] | None:
    return list(train(Config.model_validate(SMALL | COMPRESSED | options)))[-1].metrics


@pytest.mark.parametrize("method", ["fedras", "svd"])
def test_runs_in_threads_are_those_one_after_another(method: str) -> None:
    runs: list[dict[str, object]] = [
        {"method": method, "seed": seed, "threads": threads, "model": model}
        for seed, threads, model in [(1, 2, "mf"), (2, 2, "ncf"), (3, 1, "mf"), (4, 3, "ncf")]
    ]
    alone = [metrics(options) for options in runs]
    with ThreadPoolExecutor(len(runs)) as threads:
        assert list(threads.map(metrics, runs)) == alone


_FORK = """
import multiprocessing
import fedras

def run(seed):
    options = dict(dataset="synthetic", users=100, items=200, interactions=2500, rounds=2, dim=8)
    return list(fedras.train(fedras.Config(seed=seed, **options)))[-1].metrics

if __name__ == "__main__":
    expected = [run(1), run(2)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        print(pool.map_async(run, [1, 2]).get(60) == expected)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_forks_of_a_process_that_has_trained_train_too() -> None:
    command = [sys.executable, "-W", "ignore", "-c", _FORK]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=120)
    assert done.stdout == "True\n"

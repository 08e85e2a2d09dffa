"""Runs for reports: one that is finished, its rival, and one that was stopped."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.small_runs import SMALL

from fedras.config import Config
from fedras.run.folder import RunFolder
from fedras.run.training import open_run, train

FOUND = {
    "popularity": {"metrics": {"hr@10": 0.2, "ndcg@10": 0.11}},
    "ease": {"metrics": {"hr@10": 0.4, "ndcg@10": 0.31}},
    "ials": {"metrics": {"hr@10": 0.4, "ndcg@10": 0.21}},
}


@pytest.fixture(scope="session")
def beside(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run whose summary has baselines, and whose folder has a name to be escaped."""
    folder = tmp_path_factory.mktemp("beside") / "a <b onclick=alert(1)>|&amp;*"
    shutil.copytree(finished, folder)
    summary = json.loads((folder / "summary.json").read_text())
    plain = {"metrics": summary["metrics"], "bill": summary["bill"]}
    (folder / "summary.json").write_text(
        json.dumps(summary | {"baselines": FOUND, "uncompressed": plain})
    )
    return folder


@pytest.fixture(scope="session")
def rival(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of another method, which has learnt something."""
    folder = tmp_path_factory.mktemp("rival") / "rival"
    own = {"method": "topk", "compression_rate": 0.9375, "learning_rate": 0.5}
    list(train(Config.model_validate(SMALL | own), folder))
    return folder


@pytest.fixture(scope="session")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of which three rounds were done."""
    folder = tmp_path_factory.mktemp("stopped") / "stopped"
    run = open_run(Config.model_validate(SMALL), RunFolder(folder))
    for result in run.rounds():
        if result.round == 3:
            break
    run.close()
    return folder

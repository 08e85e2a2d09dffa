"""From an exported file alone follow the scores of `recommend`."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fedras
from fedras import data
from fedras.config import Config
from fedras.errors import UsageError
from fedras.run import export as module
from fedras.run.recommender import Recommender

_USERS = np.repeat(np.arange(30), 6)
MINE = data.from_columns(
    "mine", _USERS, (_USERS * 7 + np.arange(180) ** 2) % 25, titles={"3": "3!"}
)
KINDS: dict[str, dict[str, Any]] = {
    "mf": {},
    "several replicas": {"rate_range": (0.2, 0.9)},
    "ncf": {"model": "ncf"},
    "codes": {"method": "lightfr", "compression_rate": 0.96875},
    "context": {"rate_range": (0.2, 0.9), "context_weight": 3.0, "context_decay": 0.5},
    "no context": {"context_weight": 0.0},
}


@pytest.fixture(scope="module", params=KINDS)
def recommender(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Recommender:
    config = Config(rounds=10, client_fraction=0.5, **KINDS[request.param])
    folder = tmp_path_factory.mktemp("runs") / "mine"
    list(fedras.train(config, folder, interactions=MINE))
    return fedras.load(folder, interactions=MINE)


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Return the arrays, and the names and metadata, without fedras."""
    if path.suffix == ".npz":
        content = np.load(path)
        arrays = {name: content[name] for name in content.files}
        texts = json.loads(str(arrays.pop("metadata")))
        names = {name: arrays.pop(name).tolist() for name in list(arrays) if "_id" in name}
        titles = arrays.pop("item_titles").tolist()
        return arrays, texts | names | {"item_titles": titles}
    from safetensors import safe_open

    with safe_open(path, "numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        texts = file.metadata()
    lists = {name: json.loads(texts[name]) for name in texts if name.startswith(("item_", "user_"))}
    return arrays, texts | lists


def _scores(arrays: dict[str, np.ndarray], user: int) -> np.ndarray:
    """Score all items as the document says."""
    items = arrays["items"]
    if "replicas" in arrays:
        items = arrays["replicas"][arrays["replica_of_user"][user]]
    near = np.zeros(len(items))
    if "contexts" in arrays:
        rows = items - items.mean(axis=0)
        near = (rows / np.linalg.norm(rows, axis=1, keepdims=True)) @ arrays["contexts"][user]
    if "theta.1.weight" not in arrays:
        return np.asarray(items @ arrays["users"][user] + near)
    hidden = np.hstack((np.tile(arrays["users"][user], (len(items), 1)), items))
    for layer in (1, 2, 3, 4):
        hidden = hidden @ arrays[f"theta.{layer}.weight"].T + arrays[f"theta.{layer}.bias"]
        hidden = np.maximum(hidden, 0) if layer < 4 else hidden
    return np.asarray(hidden[:, 0] + near)


@pytest.mark.parametrize("ending", ["npz", "safetensors"])
def test_scores_from_the_file(recommender: Recommender, ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"vectors.{ending}"
    recommender.export(path, users=True)
    assert path.stat().st_mode & 0o777 == 0o600
    arrays, texts = _read(path)
    assert texts["item_ids"] == recommender.items
    assert texts["item_titles"][3] == "3!"
    for user, name in enumerate(texts["user_ids"]):
        found = recommender.recommend(name, 25, seen=True)
        scores = _scores(arrays, user)
        expected = {texts["item_ids"][item]: score for item, score in enumerate(scores)}
        assert {f.item: f.score for f in found} == pytest.approx(expected, abs=1e-5)
    assert json.loads(texts["config"])["dim"] == arrays["items"].shape[1]
    assert (texts["fedras"], texts["rounds"]) == (fedras.__version__, "10")
    assert {"fingerprint", "data", "model"} < set(texts)
    context = json.loads(texts["context"])
    assert context == recommender.silo.context._asdict()
    assert ("contexts" in arrays) == (context["weight"] > 0)


def test_users_stay_private_unless_asked_for(recommender: Recommender, tmp_path: Path) -> None:
    recommender.export(tmp_path / "vectors.npz")
    arrays, texts = _read(tmp_path / "vectors.npz")
    assert not {"users", "replicas", "replica_of_user", "contexts"} & set(arrays)
    assert "user_ids" not in texts


def test_forms_that_cannot_be_written(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"must end with \.npz or \.safetensors"):
        recommender.export(tmp_path / "vectors.bin")
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r'pip install "safetensors>='):
        recommender.export(tmp_path / "vectors.safetensors")
    assert not list(tmp_path.iterdir())


def test_the_documents_code_scores(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of docs/recommending.md on vectors, as they stand."""
    text = (Path(__file__).parents[2] / "docs" / "recommending.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text.partition("## Vectors")[2], re.DOTALL)
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    recommender.export("mine.npz", users=True)
    recommender.export("mine.safetensors", users=True)
    done: dict[str, Any] = {}
    for block in blocks:
        exec(block, done)  # noqa: S102 -- our own document
    found = recommender.recommend("7", 25, seen=True)
    expected = {f.item: f.score for f in found}
    assert dict(zip(done["ids"], done["scores"], strict=True)) == pytest.approx(expected, abs=1e-5)
    assert done["item_ids"] == recommender.items

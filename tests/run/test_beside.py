"""A run beside its baselines: the sentence, the warning, the cache, and without compression."""

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import SMALL as TINY
from helpers.small_runs import Fedras

from fedras import data
from fedras.baselines import kept
from fedras.config import Config
from fedras.run import beside
from fedras.run.resumption import decisive
from fedras.run.training import open_run
from fedras.run.uncompressed import uncompressed_run, without_compression

DATA = [f"--set={name}={value}" for name, value in TINY.items() if name != "dataset"]


def summary(own: float, share: float = 0.004, **found: float) -> dict[str, Any]:
    metrics = {"hr@10": 0.5, "ndcg@10": own}
    given = {"metrics": metrics, "participation_compression_rate": 1 - share, "notes": ["a note"]}
    reached: dict[str, Any] = {
        name.replace("_", "-"): {"metrics": {"hr@10": 0.5, "ndcg@10": value}}
        for name, value in found.items()
    }
    reached["other"] = {"left_out": "too much data"}
    return beside.with_baselines(given, reached)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            summary(0.28, popularity=0.25, ease=0.27, ials=0.2887),
            "NDCG@10 12 % above popularity, 3 % below the best centralised method (iALS, tuned), "
            "at 0.4 % of the bytes without compression",
        ),
        (
            summary(0.2, popularity=0.25, item_knn=0.2, share=0.123),
            "NDCG@10 20 % below popularity, which is the best centralised method here, "
            "at 12 % of the bytes without compression",
        ),
        (
            summary(0.251, popularity=0.25, ease=0.2505),
            "NDCG@10 level with popularity, level with the best centralised method (EASE, tuned), "
            "at 0.4 % of the bytes without compression",
        ),
        (
            summary(0.1, popularity=0.0, ease=0.05),
            "NDCG@10 above popularity, 100 % above the best centralised method (EASE, tuned), "
            "at 0.4 % of the bytes without compression",
        ),
        (summary(0.2, ease=0.3), ""),
    ],
)
def test_the_sentence(given: dict[str, Any], said: str) -> None:
    assert given["comparison"] == said


def test_worse_than_popularity_is_a_note() -> None:
    note = "recommending to everybody what is popular is better than this run: NDCG@10 0.2500"
    assert summary(0.2, popularity=0.25)["notes"] == ["a note", f"{note}, and here 0.2000"]
    assert summary(0.25, popularity=0.25)["notes"] == ["a note"]


def test_rows_come_by_quality_and_what_is_missing_is_said() -> None:
    given = summary(0.26, popularity=0.25, ease=0.27) | {"uncompressed": summary(0.265)}
    names = [name for name, _ in beside.rows(given)]
    assert names == ["EASE", "this run uncompressed", "this run", "popularity"]
    assert beside.left_out(given) == ["other is left out: too much data"]
    nodes = beside.with_baselines({"metrics": {"ndcg@10": 0.1}}, None)
    assert nodes["baselines"] is None
    assert "nobody has it" in beside.left_out(nodes)[0]
    assert beside.left_out({"metrics": {}}) == []


def test_they_are_computed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEDRAS_CACHE", str(tmp_path))
    calls: list[Config] = []

    def compare(_: data.Interactions, config: Config) -> dict[str, Any]:
        calls.append(config)
        return {"popularity": {"left_out": f"call {len(calls)}"}}

    monkeypatch.setattr(kept, "compare", compare)
    one = data.load("synthetic", options={"users": 30, "items": 40, "interactions": 300})
    other = data.load("synthetic", options={"users": 30, "items": 40, "interactions": 299})
    first = kept.compared(one, Config())
    assert kept.compared(one, Config(rounds=3, method="topk", seed=5)) == first
    assert len(calls) == 1
    assert kept.compared(other, Config()) != first
    for changed in (Config(validation=True), Config(eval_negatives=9), Config(at=(3,))):
        assert kept.compared(one, changed) != first
    assert len(calls) == 5
    for path in tmp_path.rglob("*.json"):  # damage costs time and nothing else
        path.write_text("[")
    kept.compared(one, Config())
    assert len(calls) == 6
    assert kept.compared(one, Config())["popularity"]["left_out"] == "call 6"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FEDRAS_CACHE", str(tmp_path / "file"))
    kept.compared(one, Config())
    assert len(calls) == 7


def test_they_are_not_decisive() -> None:
    assert decisive(Config(baselines=False)) == decisive(Config())


def test_a_run_says_how_good_it_is(fedras: Fedras, tmp_path: Path) -> None:
    out = tmp_path / "run"
    answer = fedras("train", "synthetic", *DATA, "--out", out, "--with-uncompressed")
    assert answer.status == 0
    written = json.loads((out / "summary.json").read_text())
    assert set(written["baselines"]) == {"ease", "ials", "item-knn", "popularity"}
    assert written["uncompressed"]["bill"]["sent"] > written["bill"]["sent"]
    for text in (written["comparison"], *written["bill"]["text"]):
        assert text in answer.out
    for name in ("popularity", "item-KNN", "EASE", "iALS", "this run", "this run uncompressed"):
        assert f"\n{name} " in answer.out
    worse = beside.warning(written, written["baselines"])
    assert (f"fedras: warning: {worse}" in answer.err) == bool(worse)
    assert (worse in written["notes"]) == bool(worse)


def test_or_not(fedras: Fedras, tmp_path: Path) -> None:
    out = tmp_path / "run"
    answer = fedras("train", "synthetic", *DATA, "--out", out, "--set", "baselines=false")
    assert answer.status == 0
    written = json.loads((out / "summary.json").read_text())
    assert not {"baselines", "comparison", "uncompressed"} & set(written)
    assert "popularity" not in answer.out
    assert written["bill"]["text"][0] in answer.out


def test_without_compression_float32_matrices_cross() -> None:
    config = Config.model_validate(TINY | {"actions": 4, "error_feedback": True, "seed": 3})
    plain = without_compression(open_run(config).config)
    assert plain.method == "base"
    assert plain.seed == 3
    assert "actions" not in plain.options
    run = uncompressed_run(open_run(config).config, open_run(config).federation.interactions)
    for _ in run.rounds():
        pass
    found = run.summary()
    assert 0 <= found["wire_compression_rate"] < 0.1  # rows that nobody touched are not sent

"""Numbers in sentences are those of committed results."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import choices
import pytest
from helpers.documents import ROOT

RESULTS = ROOT / "results"
PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
CR = 0.9688


def prose(document: Path) -> str:
    """Return a document without code and without what scripts write into it."""
    text = re.sub(
        r"<!-- [\w-]+ -->.*?<!-- end -->", "", document.read_text("utf-8"), flags=re.DOTALL
    )
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)


def runs(name: str, wanted: Callable[[dict[str, Any]], bool] | None = None) -> list[dict[str, Any]]:
    lines = (RESULTS / name / "runs.jsonl").read_text("utf-8").splitlines()
    found = [row for row in map(json.loads, lines) if "error" not in row]
    return [row for row in found if wanted is None or wanted(row)]


@pytest.fixture(scope="module")
def shown() -> set[str]:
    """The numbers of four decimals that committed results show."""
    tables = [path.read_text("utf-8") for path in RESULTS.rglob("*.md")]
    tables += [path.read_text("utf-8") for path in RESULTS.glob("*.json")]
    return {each for text in tables for each in re.findall(r"(?<![\d.])0?(\.\d{4})(?!\d)", text)}


@pytest.mark.parametrize("document", PROSE, ids=lambda path: path.name)
def test_metrics_of_four_digits_are_in_a_table(document: Path, shown: set[str]) -> None:
    said = set(re.findall(r"(?<![\d.])0?(\.\d{4})(?!\d)", prose(document)))
    assert said <= shown


def test_eight_actions_cost_what_the_readme_says() -> None:
    rows = runs("equal-bytes", lambda row: row["method"] in ("fedras", "base"))
    eight = [r for r in rows if r["config"].get("actions") == 8 and r["config"]["error_feedback"]]
    whole = [
        r
        for r in rows
        if r["method"] == "base"
        and r["config"]["compression_rate"] == 0
        and r["config"]["numbers"] == "f32"
    ]
    ways = ("uplink_bytes_per_client_round", "downlink_bytes_per_client_round")
    sent = mean(sum(row[way] for way in ways) for row in eight)
    share = 2 * eight[0]["uncompressed_bytes_per_client_round"] / sent
    lost = mean(r["metrics"]["hr@10"] for r in whole) - mean(r["metrics"]["hr@10"] for r in eight)
    said = f"cost a {round(share, -1):.0f}th of the exchange of float32 matrices, and {lost:.3f}"
    assert said.replace(" 0.", " .") in " ".join(prose(ROOT / "README.md").split())


def test_popularity_and_the_best_of_the_readme_are_those_below_the_table() -> None:
    table = (RESULTS / "table1" / "table.md").read_text("utf-8")
    below = re.findall(r"popularity: (\S+ / \S+?);.*?in one place, (\w+): (\S+ / \S+)\.", table)
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    for popular, best, reached in (below[0], below[1], below[3]):
        assert popular in text
        assert f"{reached} ({best})" in text


def test_what_a_payload_is_besides_centroids() -> None:
    def measured(row: dict[str, Any]) -> bool:
        given = (row["dataset"], row["model"], row["method"], row["config"]["compression_rate"])
        return given[:3] == ("ml-100k", "mf", "fedras") and abs(given[3] - CR) < 1e-3

    def rest(row: dict[str, Any], way: str) -> float:
        split = row[f"{way}_split"]
        return float(sum(split.values()) / split["actions"] - 1)

    rows = runs("table1", measured)
    assert len(rows) == 3
    assert {f"{rest(row, 'uplink'):.0%}" for row in rows} == {"9%"}
    assert {f"{rest(row, 'downlink'):.0%}" for row in rows} <= {"15%", "16%"}
    text = " ".join(prose(ROOT / "docs" / "paper-notes.md").split())
    assert "adds 9 % to the centroids on the uplink and 15 to 16 % on the downlink" in text


def test_how_long_the_whole_evaluation_takes() -> None:
    took = {
        row["key"]: row["wall_seconds"]
        for path in RESULTS.glob("*/runs.jsonl")
        for row in runs(path.parent.name)
        if "wall_seconds" in row
    }
    hours = round(sum(took.values()) / 3600)
    assert f"takes {hours} hours of one core" in prose(ROOT / "docs" / "reproduction.md")


def test_implicit_and_ours() -> None:
    found = json.loads((RESULTS / "baselines.json").read_text("utf-8"))
    text = " ".join(prose(ROOT / "docs" / "baselines.md").split())

    def pair(name: str) -> str:
        return " and ".join(
            f"{found[data][name]['metrics']['ndcg@10']:.3f}"[1:]
            for data in ("ml-100k", "filmtrust")
        )

    assert f"{pair('implicit ALS')} with its ALS, ours {pair('ials')}" in text
    assert f"{pair('implicit cosine')} with its cosine, ours {pair('item-knn')}" in text


def test_the_defaults_reach_what_their_document_says() -> None:
    table = (RESULTS / "defaults" / "table.md").read_text("utf-8")
    sampled, full = table.split("against 99 sampled items")[1].split("against all items")

    def column(text: str, at: int) -> dict[str, float]:
        lines = re.findall(r"^\| (\S.*?) \|(.*)\|$", text, re.MULTILINE)
        cells = {name: rest.split("|") for name, rest in lines if name not in ("data", "---")}
        return {name: float(each[at].strip().rstrip("%")) for name, each in cells.items()}

    text = " ".join(prose(ROOT / "docs" / "defaults.md").split())
    best = column(sampled, 7)
    assert len(best) == 9
    assert round(min(best.values())) == 97
    assert f"({best['filmtrust']} % on FilmTrust)" in text
    above = {name for name, share in best.items() if share > 100}
    assert above == {"ml-100k", "ml-1m", "ml-latest-small", "lastfm-2k", "gowalla-part"}
    whole = column(full, 7)
    assert {n for n, share in whole.items() if share > 100} == {n for n in whole if n[:3] == "ml-"}
    assert round(whole["lastfm-2k"]) == 98
    assert round(whole["citeulike-a"]) == 60
    others = [whole[n] for n in ("filmtrust", "very sparse", "very popular", "gowalla-part")]
    assert (round(min(others)), round(max(others))) == (84, 92)
    kept = column(sampled, 8)
    assert round(kept.pop("citeulike-a")) == 94
    assert round(kept.pop("gowalla-part")) == 91
    assert min(kept.values()) >= 98


@pytest.mark.parametrize("name", choices.PLACES)
def test_tables_are_those_of_the_measurements(name: str) -> None:
    _, table, document = choices.PLACES[name]
    found = json.loads((RESULTS / f"{name}.json").read_text("utf-8"))
    assert f"<!-- {name} -->\n{table(found)}<!-- end -->" in document.read_text("utf-8")

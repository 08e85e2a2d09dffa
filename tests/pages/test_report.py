"""``fedras report``: what is in the page, and that it needs nothing else and runs nothing else."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import pytest
from helpers.small_runs import ARGUMENTS, SMALL, Fedras

from fedras.config import Config
from fedras.pages import curves, look, report
from fedras.pages.kept import read_runs
from fedras.run.folder import RunFolder
from fedras.run.training import train

MOST = 2_000_000
PAPERS = "#ffffff", "#16181c"


class Page(HTMLParser):
    """Elements with their attributes, and the text of each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "path", "br"}:
            self._open.append(tag)
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        for tag in set(self._open):
            self.texts[tag][-1] += data

    @property
    def specs(self) -> dict[str, Any]:
        (at,) = [
            n
            for n, (_, given) in enumerate(e for e in self.elements if e[0] == "script")
            if given.get("id") == "specs"
        ]
        return json.loads(self.texts["script"][at])  # type: ignore[no-any-return]


def written(fedras: Fedras, out: Path, *folders: Path) -> Page:
    done = fedras("report", *folders, "--out", out)
    assert (done.status, done.out) == (0, ""), done
    assert out.stat().st_size < MOST
    return Page(out.read_text("utf-8"))


@pytest.fixture
def page(fedras: Fedras, beside: Path, rival: Path, tmp_path: Path) -> Page:
    return written(fedras, tmp_path / "report.html", beside, rival)


def test_it_asks_nobody_for_anything(page: Page) -> None:
    assert len([tag for tag, _ in page.elements if tag == "script"]) == 2
    for tag, given in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert not {"src", "onclick", "onload", "onerror"} & given.keys()
        assert (given.get("href") or "#").startswith("#")
    assert not re.findall(r"url\(|@import", page.texts["style"][0])
    (policy,) = [given["content"] for _, given in page.elements if "http-equiv" in given]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "http" not in policy


def test_names_are_text(page: Page, beside: Path) -> None:
    assert beside.name in page.texts["title"][0]
    assert page.texts["tbody"][0].count(beside.name) == 1
    assert any(beside.name in text for text in page.texts["p"])
    assert "b" not in page.texts
    assert beside.name in json.dumps(page.specs["picture"])


def test_charts_are_valid_and_show_the_runs(page: Page, beside: Path, rival: Path) -> None:
    places = [given["id"] for _, given in page.elements if given.get("class") == "chart"]
    assert places == list(page.specs)
    assert {"picture", "ndcg", "hr", "sent", "received_parts", "actions", "cosine"} <= {*places}
    assert {"sent_each", "received_each", "cluster_sizes", "cosines", "phases"} <= {*places}
    for name, spec in page.specs.items():
        alt.Chart.from_dict(spec, validate=True)
        assert spec["description"], name
        shown = {row["run"] for rows in spec["datasets"].values() for row in rows if "run" in row}
        assert shown == {beside.name, rival.name} - (
            {rival.name} if name == "cluster_sizes" else set()
        )
    ends = {
        (row["run"], row["kind"]): row
        for rows in page.specs["picture"]["datasets"].values()
        for row in rows
        if "kind" in row
    }
    summary = RunFolder(beside).summary() or {}
    own = ends[beside.name, "this run"]
    assert own["bytes"] == summary["bill"]["sent"] + summary["bill"]["received"]
    assert own["quality"] == summary["metrics"]["ndcg@10"]
    assert len(ends) == 3
    text = json.dumps(page.specs["picture"])
    assert "popularity 0.1100" in text
    assert "EASE 0.3100" in text
    assert "iALS" not in text


def test_words(fedras: Fedras, finished: Path, beside: Path, tmp_path: Path) -> None:
    page = written(fedras, tmp_path / "one.html", finished)
    summary = RunFolder(finished).summary() or {}
    first = page.texts["p"][0]
    assert first.startswith(f"{finished.name} (fedras, mf) reaches NDCG@10")
    assert f"{summary['metrics']['ndcg@10']:.4f} (95 % between" in first
    assert summary["bill"]["text"][0][1:] in first
    assert "No upload was dropped" in "".join(page.texts["p"])
    assert "caption" in page.texts
    assert "rounds" in page.texts["details"][0]
    several = written(fedras, tmp_path / "two.html", finished, beside)
    assert several.texts["p"][0].startswith("The best of 2 finished runs by NDCG@10 is")
    assert "below the best centralised method (EASE, tuned)" in several.texts["p"][1]


def test_bytes_a_round_add_up_to_those_so_far(finished: Path) -> None:
    (run,) = read_runs([finished])
    clients, cohort = 40, 4
    for way, name in (("sent", "sent_per_user"), ("received", "received_per_user")):
        each = curves.parts_each_round(run, way)
        for part, total in run.lines[-1][name].items():
            label = curves.PARTS.get(part, part)
            paid = sum(row["bytes"] for row in each if row["part"] == label)
            assert paid * cohort == pytest.approx(total * clients)


def test_histograms_are_of_all_rounds(finished: Path, rival: Path) -> None:
    runs = read_runs([finished, rival])
    for name in ("cluster_sizes", "cosines"):
        bins, rows = curves.spread(runs, name)
        assert list(dict.fromkeys(row["bin"] for row in rows)) == bins
        for run in {row["run"] for row in rows}:
            assert sum(row["share"] for row in rows if row["run"] == run) == pytest.approx(1)
    assert curves._bin("cluster_sizes", "8") == "8 to 15"
    (run,) = read_runs([finished])
    spent = sum(row["ms"] for row in curves.phases([run])) * run.rounds / 1000
    assert 0 < spent <= run.lines[-1]["seconds"]


def test_clients_of_different_means(fedras: Fedras, tmp_path: Path) -> None:
    given = SMALL | {"rate_range": (0.9, 0.99), "rate_levels": 3, "rounds": 4}
    list(train(Config.model_validate(given), tmp_path / "tiers"))
    page = written(fedras, tmp_path / "report.html", tmp_path / "tiers")
    for name in ("tiers_0_ndcg@10", "tiers_0_bytes"):
        spec = page.specs[name]
        alt.Chart.from_dict(spec, validate=True)
        (rows,) = spec["datasets"].values()
        assert {row["tier"] for row in rows} == {"40", "220", "400"}


def test_a_run_that_keeps_the_test_item_for_later_says_so(fedras: Fedras, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = fedras("train", *ARGUMENTS, "--set", "validation=true", "--rounds", 2, "--out", out)
    assert "validation item, by" in done.out
    assert (RunFolder(out).summary() or {})["ranked"] == "validation"
    page = written(fedras, tmp_path / "report.html", out)
    assert "of the validation item after 2 rounds" in page.texts["p"][0]
    assert page.texts["caption"][0].startswith("Of the validation item")


def test_an_unfinished_run_has_curves_only(fedras: Fedras, stopped: Path, tmp_path: Path) -> None:
    page = written(fedras, tmp_path / "report.html", stopped)
    assert "stopped is not finished: 3 of 12 rounds, so the test item" in page.texts["li"][0]
    assert {"picture", "ndcg", "sent"} <= page.specs.keys()
    drawn = page.specs["picture"]["datasets"].values()
    assert not any("kind" in row for rows in drawn for row in rows)


def test_runs_of_an_older_version_have_no_bytes_by_kind(
    fedras: Fedras, finished: Path, tmp_path: Path
) -> None:
    import shutil

    old = tmp_path / "old"
    shutil.copytree(finished, old)
    lines = [
        {name: value for name, value in line.items() if not name.endswith("_per_user")}
        for line in RunFolder(old).metrics()
    ]
    RunFolder(old).write_metrics(lines)
    page = written(fedras, tmp_path / "report.html", old)
    assert "sent" not in page.specs
    assert "picture" in page.specs
    assert any("trained by a version" in text for text in page.texts["p"])


@pytest.mark.parametrize(("form", "head"), [("md", b"# "), ("svg", b"<svg"), ("png", b"\x89PNG")])
def test_other_forms(
    form: str, head: bytes, fedras: Fedras, beside: Path, rival: Path, tmp_path: Path
) -> None:
    out = tmp_path / f"report.{form}"
    assert fedras("report", beside, rival, "--out", out).status == 0
    content = out.read_bytes()
    assert content.startswith(head)
    other = tmp_path / "other"
    assert fedras("report", beside, rival, "--out", other, "--format", form).status == 0
    assert other.read_bytes() == content
    if form != "png":
        assert b"onclick" in content
        assert b"<b" not in content.replace(b"\\<b", b"")


def test_markdown_has_the_table(fedras: Fedras, beside: Path, rival: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    fedras("report", beside, rival, "--out", out)
    table = [line for line in out.read_text("utf-8").splitlines() if line.startswith("|")]
    assert len(table) == 2 + 4
    assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table}) == 1


def test_mistakes_are_one_line(
    fedras: Fedras, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for out in ("report.pdf", "report"):
        done = fedras("report", finished, "--out", tmp_path / out)
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert "html, md, svg or png" in done.err
    monkeypatch.setattr(report, "find_spec", {}.get)
    done = fedras("report", finished, "--out", tmp_path / "report.html")
    said = 'fedras: error: a report needs altair; run: pip install "altair>='
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert done.err.startswith(said)
    assert not list(tmp_path.iterdir())


def test_means_so_far_become_means_between(finished: Path) -> None:
    (run,) = read_runs([finished])
    rows = curves.per_round([run], "avg_cosine")
    assert len(rows) == len(run.lines)
    so_far = 0.0
    for row, line in zip(rows, run.lines, strict=True):
        so_far += row["value"]
        assert so_far / line["round"] == pytest.approx(line["avg_cosine"])


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("colour", look.COLOURS)
def test_colours_stand_out_in_both_themes(colour: str, paper: str) -> None:
    one, other = sorted((_luminance(colour), _luminance(paper)))
    assert (other + 0.05) / (one + 0.05) >= 3


def test_fifteen_runs_look_different() -> None:
    looks = {(look.colour(at), tuple(look.dash(at)), look.shape(at)) for at in range(15)}
    assert len(looks) == 15
    assert {look.shape(at) for at in range(15)} == look.PATHS.keys()

"""From rows to files: the table, the figure, the paper's values, documents."""

from pathlib import Path
from typing import Any

import pytest
from helpers.small_experiments import rows_of

from fedras.report import paper
from fedras.report.cells import Place


def test_the_table_is_the_mean_of_the_rows(run: Any, tmp_path: Path) -> None:
    run()
    rows = rows_of(tmp_path / "results")
    values = [row["metrics"]["hr@10"] for row in rows if row["method"] == "topk"][:2]
    csv = (tmp_path / "results" / "small" / "table.csv").read_text().splitlines()
    (line,) = [line for line in csv if line.startswith(",topk,0.5,HR@10,")]
    assert float(line.split(",")[4]) == pytest.approx(sum(values) / 2)
    table = (tmp_path / "results" / "small" / "table.md").read_text()
    assert f"{sum(values) / 2:.4f}" in table
    assert "| TopK |" in table


def test_the_figure_is_the_same_each_time(run: Any, tmp_path: Path) -> None:
    run()
    folder = tmp_path / "results" / "small"
    before = {name: (folder / name).read_bytes() for name in ("figure.svg", "figure.png")}
    for name in before:
        (folder / name).unlink()
    run()
    assert before == {name: (folder / name).read_bytes() for name in before}
    assert b"<dc:date>" not in before["figure.svg"]


def test_the_paper_stands_beside(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Place("", "topk", "0.5", "HR@10")
    monkeypatch.setattr("fedras.report.document.published", lambda _: {place: 0.5})
    run()
    csv = (tmp_path / "results" / "small" / "table.csv").read_text().splitlines()
    (line,) = [line for line in csv if line.startswith(",topk,0.5,HR@10,")]
    ours, *_, theirs, difference = line.split(",")[4:]
    assert float(theirs) == 0.5
    assert float(difference) == pytest.approx(float(ours) - 0.5)
    table = (tmp_path / "results" / "small" / "table.md").read_text()
    assert "| paper | difference |" in table
    assert f"{float(ours) - 0.5:+.4f}" in table
    assert "\n\n**Not the paper's setting: 3 rounds instead of 500.**\n\n" in table
    assert paper.published("small") == {}


def test_tables_go_into_documents(run: Any, tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text("before\n<!-- small -->\nold\n<!-- end -->\nafter\n")
    run("--into", document)
    text = document.read_text()
    assert text.startswith("before\n<!-- small -->\n| method |")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "old" not in text

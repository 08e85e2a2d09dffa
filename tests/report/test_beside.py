"""What stands below a table of quality: popularity, and the best that sees all data."""

from typing import Any

from fedras.experiments import experiment
from fedras.experiments.experiment import Point, Table
from fedras.experiments.reproduction import Found
from fedras.report.beside import QUALITY, beside
from fedras.report.cells import Cell, Place
from fedras.report.readers import READERS, means
from fedras.report.tables import markdown

REACHED = {
    "ease": {"left_out": "too much data"},
    "ials": {"metrics": {"hr@10": 0.66, "ndcg@10": 0.39}},
    "popularity": {"metrics": {"hr@10": 0.41, "ndcg@10": 0.23}},
}
KNOWN = [
    {"observe": "", "config": {"dataset": "ml-1m"}},
    {"observe": "baselines", "config": {"dataset": "ml-100k"}, "baselines": REACHED},
]
TABLE = Table(
    sections="dataset", rows=("model", "method"), columns=("compression_rate",), metrics=QUALITY
)


def found(dataset: str, method: str, rate: str, hr: float, ndcg: float) -> Found:
    given = {"dataset": dataset, "model": "mf", "method": method, "compression_rate": rate}
    return Found(Point(given, "", given), {"metrics": {"hr@10": hr, "ndcg@10": ndcg}})


FOUND = [
    found("ml-100k", "base", "0.9375", 0.5, 0.3),
    found("ml-100k", "base", "0.9688", 0.42, 0.23),
    found("ml-100k", "topk", "0.9688", 0.40, 0.25),
    found("ml-1m", "topk", "0.9688", 0.40, 0.25),
]


def test_the_line_names_what_is_not_above_popularity() -> None:
    lines = beside(FOUND, TABLE, means(FOUND, TABLE), KNOWN)
    assert lines == {
        "ml-100k": "HR@10 / NDCG@10 of popularity: 0.4100 / 0.2300; at or below it in one of them: "
        "MF Base at CR 96.88%, MF TopK at CR 96.88%. Of the best that sees all data in one place, "
        "iALS: 0.6600 / 0.3900."
    }
    above = beside(FOUND[:1], TABLE, means(FOUND[:1], TABLE), KNOWN)
    assert "at or below" not in above["ml-100k"]


def test_tables_of_something_else_have_none() -> None:
    other = TABLE.model_copy(update={"metrics": {"loss": "observed.loss"}})
    assert beside(FOUND, other, {}, KNOWN) == {}


def test_it_stands_below_its_section() -> None:
    each = experiment.load("table1")
    text = markdown(each, means(FOUND, TABLE), {}, {"ml-100k": "Below."})
    assert text.count("Below.") == 1
    assert text.partition("Below.\n")[2].startswith("\n**MovieLens-1M**")


def test_a_row_for_each_baseline() -> None:
    table = experiment.load("baselines").table
    given = {"dataset": "ml-100k"}
    cells = READERS[table.read]([Found(Point(given, "baselines", given), KNOWN[1])], table)
    place: dict[str, Any] = {"section": "ml-100k", "column": "", "metric": "NDCG@10"}
    assert cells[Place(row="ials", **place)] == Cell((0.39,))
    assert cells[Place(row="ease", **place)] == Cell((), "too much data")
    assert not beside([Found(Point(given, "baselines", given), KNOWN[1])], table, cells, KNOWN)

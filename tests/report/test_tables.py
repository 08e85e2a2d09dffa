"""Tables from rows of results that are written by hand."""

from typing import Any

import pytest

from fedras.experiments.experiment import Experiment, Point
from fedras.experiments.reproduction import Found
from fedras.report.cells import Cell, Place
from fedras.report.readers import READERS, bytes_to_quality, means, within_bytes
from fedras.report.tables import as_csv, markdown


def _experiment(**table: Any) -> Experiment:
    content = {"rows": ["model", "method"], "columns": ["rate"], "metrics": {"HR": "metrics.hr@10"}}
    return Experiment.model_validate(
        {"name": "n", "title": "T", "source": "S", "grid": [], "table": content | table}
    )


def _found(labels: dict[str, str], **row: Any) -> Found:
    return Found(Point(dict(labels), "", {"label": labels.get("method", ""), **labels}), row)


def _hr(model: str, method: str, rate: str, *values: float) -> list[Found]:
    labels = {"model": model, "method": method, "rate": rate}
    return [_found(labels, metrics={"hr@10": value}) for value in values]


FOUND = [
    *_hr("mf", "topk", "0.5", 0.2, 0.4),
    *_hr("mf", "fedras", "0.5", 0.5, 0.5),
    *_hr("ncf", "topk", "0.5", 0.1),
    _found({"model": "ncf", "method": "fedras", "rate": "0.5"}, error="diverged"),
]


def test_cells_are_means_over_seeds() -> None:
    cells = means(FOUND, _experiment().table)
    topk = cells[Place("", "mf topk", "0.5", "HR")]
    assert topk.mean == pytest.approx(0.3)
    assert topk.deviation == pytest.approx(0.1414, abs=1e-4)
    assert cells[Place("", "ncf topk", "0.5", "HR")].deviation is None
    assert cells[Place("", "ncf fedras", "0.5", "HR")] == Cell((), "diverged")


def test_one_run_that_diverges_leaves_no_mean() -> None:
    pair = [
        *_hr("mf", "svd", "0.5", 0.9),
        _found({"model": "mf", "method": "svd", "rate": "0.5"}, error="x"),
    ]
    (cell,) = means(pair, _experiment().table).values()
    assert cell == Cell((), "diverged")


def test_markdown() -> None:
    experiment = _experiment(best=True)
    paper = {Place("", "mf topk", "0.5", "HR"): 0.25}
    text = markdown(experiment, means(FOUND, experiment.table), paper)
    assert text.splitlines() == [
        "| model | method | 0.5: HR | paper | difference |",
        "|---|---|---|---|---|",
        "| MF | TopK | 0.3000 ± 0.1414 | 0.2500 | +0.0500 |",
        "| MF | FedRAS | **0.5000** ± 0.0000 |  |  |",
        "| NCF | TopK | **0.1000** |  |  |",
        "| NCF | FedRAS | diverged |  |  |",
    ]


def test_csv() -> None:
    paper = {Place("", "mf topk", "0.5", "HR"): 0.25}
    text = as_csv(means(FOUND, _experiment().table), paper)
    header, topk, *_, diverged = text.splitlines()
    assert header == "section,row,column,metric,ours,deviation,seeds,paper,difference"
    assert topk.startswith(",mf topk,0.5,HR,0.3")
    assert topk.split(",")[6:8] == ["2", "0.25"]
    assert float(topk.split(",")[8]) == pytest.approx(0.05)
    assert diverged == ",ncf fedras,0.5,HR,diverged,,0,,"


def _sized(method: str, rate: float, size: float, hr: float) -> Found:
    return _found(
        {"method": method, "rate": str(rate)},
        metrics={"hr@10": hr},
        uncompressed_bytes_per_client_round=10_000,
        wire_compression_rate=1 - size / 20_000,
    )


def test_equal_bytes_take_the_largest_run_that_fits_not_the_best() -> None:
    table = _experiment(rows=["method"], columns=[], sizes=[100, 1000, 5000]).table
    found = [
        _sized("topk", 0.5, 900, 0.6),
        _sized("topk", 0.9, 300, 0.7),
        _sized("topk", 0.99, 90, 0.1),
        _sized("svd", 0.5, 4000, 0.5),
    ]
    cells = within_bytes(found, table)
    assert {where[1:3]: cell.values for where, cell in cells.items()} == {
        ("topk", "100 B"): (0.1,),
        ("topk", "1,000 B"): (0.6,),
        ("topk", "5,000 B"): (0.6,),
        ("svd", "100 B"): (),
        ("svd", "1,000 B"): (),
        ("svd", "5,000 B"): (0.5,),
    }


def _curve(label: str, hrs: list[float], final: float) -> Found:
    history = {
        "round": [25, 50, 75],
        "hr@10": hrs,
        "uplink_bytes_per_client_round": [1000.0, 2000.0, 3000.0],
        "downlink_bytes_per_client_round": [100.0, 200.0, 300.0],
        "fetched_bytes_per_participation": [500.0, 600.0, 700.0],
    }
    config = {"client_fraction": 0.1}
    metrics = {"hr@10": final}
    return _found({"method": label}, history=history, users=50, config=config, metrics=metrics)


def test_bytes_to_quality_counts_until_the_first_evaluation_that_is_good_enough() -> None:
    metrics = {"rounds": "rounds", "heard": "heard", "participating": "participating"}
    table = _experiment(rows=["method"], columns=[], metrics=metrics).table
    found = [
        _curve("uncompressed", [0.5, 0.7, 0.8], 0.8),
        _curve("topk", [0.5, 0.76, 0.7], 0.7),
        _curve("svd", [0.5, 0.6, 0.7], 0.7),
    ]
    cells = bytes_to_quality(found, table)
    values = {where[1::2]: cell.values for where, cell in cells.items()}
    assert values["uncompressed", "rounds"] == (75,)
    assert values["topk", "rounds"] == (50,)
    assert values["topk", "heard"] == pytest.approx((50 * 50 * (0.1 * 2000 + 200) / 1e6,))
    assert values["topk", "participating"] == pytest.approx((50 * 50 * 0.1 * (2000 + 600) / 1e6,))
    assert cells[Place("", "svd", "", "rounds")] == Cell((), "not reached")
    assert bytes_to_quality(found[1:], table) == {}


@pytest.mark.parametrize("name", sorted(READERS))
def test_nothing_found_is_an_empty_table(name: str) -> None:
    experiment = _experiment(read=name)
    assert markdown(experiment, READERS[name]([], experiment.table), {}) == ""

"""The published values agree with each other, with the text, and with our own tables."""

import pytest

from fedras.experiments import experiment
from fedras.report.cells import Place, place
from fedras.report.paper import published

TABLES = [f"table{i}" for i in range(1, 8)]
RATES = ("0.9063", "0.9375", "0.9688")


@pytest.mark.parametrize("name", [*TABLES, "figure4", "lastfm-options"])
def test_every_value_has_a_cell_in_our_table(name: str) -> None:
    loaded = experiment.load(name)
    ours = {
        place(point, loaded.table, metric)
        for point in loaded.points(seeds=1)
        for metric in loaded.table.metrics
    }
    assert set(published(name)) <= ours


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("table1", 3 * 10 * 3 * 2),
        ("table2", 3 * 4),
        ("table3", 4 * 3 - 1),  # no loss on the server for CoLR
        ("table4", 8 * 2),
        ("table5", 5 * 3 * 2),
        ("table6", 4 * 5),
        ("table7", 5 * 3 * 2),
        ("figure4", 1),
        ("lastfm-options", 4 * 3 * 2),
        ("figure2", 0),
    ],
)
def test_every_cell_is_there(name: str, values: int) -> None:
    assert len(published(name)) == values


@pytest.mark.parametrize(("data", "users"), [("ml-100k", 943), ("lastfm-2k-repeats", 1600)])
def test_hit_ratios_are_whole_numbers_of_users(data: str, users: int) -> None:
    printed = [
        value
        for name in ("table1", "table7")
        for where, value in published(name).items()
        if where.section == data and where.metric == "HR@10"
    ]
    assert len(printed) >= 30
    for value in printed:
        assert abs(round(value * users) / users - value) <= 0.000051


@pytest.mark.parametrize("name", ["table1", "table4", "table5", "table6", "table7"])
def test_ndcg_is_below_the_hit_ratio(name: str) -> None:
    values = published(name)
    for where, value in values.items():
        if where.metric == "NDCG@10":
            assert value <= values[where._replace(metric="HR@10")]


@pytest.mark.parametrize("name", ["table1", "table5", "table7"])
def test_fedras_leads_every_column_as_the_text_says(name: str) -> None:
    values = published(name)
    for where, value in values.items():
        model, _, method = where.row.rpartition(" ")
        if method != "fedras":
            assert value < values[where._replace(row=f"{model} fedras".strip())]


def test_the_gain_that_the_text_quotes() -> None:
    values = published("table1")
    at = Place("ml-1m", "mf fedras", "0.9688", "HR@10")
    assert values[at] - values[at._replace(row="mf colr")] == pytest.approx(0.0786)


def test_tables_that_repeat_table_1_agree_with_it() -> None:
    one, five, six = published("table1"), published("table5"), published("table6")
    for rate in RATES:
        for metric in ("HR@10", "NDCG@10"):
            ours = one[Place("ml-100k", "mf fedras", rate, metric)]
            assert five[Place("", "fedras", rate, metric)] == ours
    for method in ("topk", "svd", "fedras"):
        for metric in ("HR@10", "NDCG@10"):
            ours = one[Place("ml-100k", f"mf {method}", "0.9375", metric)]
            assert six[Place("", method, "", metric)] == ours
    for where, value in published("lastfm-options").items():
        model = where.row.split(",")[0].lower()
        assert one[where._replace(section="lastfm-2k-repeats", row=f"{model} fedras")] == value


def test_losses_and_times_add_up() -> None:
    three, six = published("table3"), published("table6")
    for row in ("fedras-e", "svd", "fedras"):
        client, server, total = (
            three[Place("", row, "", m)] for m in ("client", "server", "total")
        )
        assert client + server == pytest.approx(total, abs=0.01)
    for row in ("uncompressed", "topk", "svd", "fedras"):
        send, code, total = (
            six[Place("", row, "", f"{m}, s")] for m in ("communication", "compression", "total")
        )
        assert send + code == pytest.approx(total, abs=0.01)


def test_sparsity_follows_from_the_counts() -> None:
    values = published("table2")
    for row in ("ml-100k", "ml-1m", "lastfm-2k"):
        counts = [values[Place("", row, "", m)] for m in ("Interactions", "Users", "Items")]
        sparsity = 100 * (1 - counts[0] / (counts[1] * counts[2]))
        assert round(sparsity, 2) == values[Place("", row, "", "Sparsity, %")]

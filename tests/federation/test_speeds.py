from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedras.codecs import RowUpdate
from fedras.components import method_of
from fedras.config import Config
from fedras.errors import UsageError
from fedras.federation.speeds import rates_for, read_speeds, write_rates


@given(
    st.lists(st.floats(1, 1e8), min_size=1, max_size=20),
    st.floats(0.1, 100),
    st.integers(1, 8),
)
def test_a_faster_link_has_a_lower_rate_and_all_fit(
    speeds: list[float], seconds: float, levels: int
) -> None:
    rates = rates_for(np.array(speeds), seconds, 1000, 16, levels)
    assert len(set(rates.tolist())) <= levels
    assert ((rates >= 0) & (rates < 1)).all()
    order = np.argsort(speeds, kind="stable")
    assert (np.diff(rates[order]) <= 1e-12).all()
    vectors = 2 * (1 - rates) * 1000 * 16 * 4
    fits = vectors <= np.array(speeds) * seconds * 1.001
    assert (fits | (rates >= rates.max())).all()


@pytest.mark.parametrize("room", [2_000, 5_000, 20_000, 60_000])
def test_the_bytes_of_an_update_of_all_items_fit(room: int) -> None:
    n_items, dim = 1000, 16
    rate = rates_for(np.array([2.0 * room]), 1.0, n_items, dim)[0]
    rows = np.random.default_rng(room).normal(size=(n_items, dim)).astype(np.float32)
    update = RowUpdate(np.arange(n_items, dtype=np.int32), rows, n_items)
    method = method_of(Config(method="fedras"))
    payload, _ = method.compress(
        update, method.budget(rate, n_items, dim), {}, np.uint64(0), np.uint64(0)
    )
    assert 0.85 * room < len(payload.to_bytes()) <= room


def test_a_link_on_which_all_fits_needs_no_compression() -> None:
    assert rates_for(np.array([1e9, 1e9]), 1.0, 100, 8).tolist() == [0.0, 0.0]


def test_speeds_are_read_and_rates_written(tmp_path: Path) -> None:
    path = tmp_path / "speeds.csv"
    path.write_text('a,1000\n"b,c",2.5e6\n')
    assert read_speeds(path) == {"a": 1000.0, "b,c": 2.5e6}
    write_rates(["a", "b,c"], np.array([0.5, 0.25]), tmp_path / "rates.csv")
    assert (tmp_path / "rates.csv").read_text().splitlines() == ["a,0.5", '"b,c",0.25']


@pytest.mark.parametrize("row", ["a", "a,b", "a,0", "a,-1", "a,nan", "a,inf", "a,1,2", ""])
def test_other_rows_are_refused(row: str, tmp_path: Path) -> None:
    path = tmp_path / "speeds.csv"
    path.write_text(row)
    with pytest.raises(UsageError, match=r"speeds\.csv"):
        read_speeds(path)

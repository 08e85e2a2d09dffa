from pathlib import Path

import numpy as np
import pytest
from helpers.small_federation import HETEROGENEOUS, N_ITEMS, simulation
from hypothesis import given, settings
from hypothesis import strategies as st

from fedras.codecs import RowUpdate
from fedras.codecs.actions import pack_actions
from fedras.codecs.payload import Part
from fedras.config import MOST
from fedras.errors import UsageError
from fedras.federation.plan import Plan, read_speeds, write_rates
from fedras.methods.fedras import FedRAS
from fedras.methods.fedras_f import FedRASF

ZERO = np.uint64(0)


@given(
    st.lists(st.floats(1, 1e8), min_size=1, max_size=20),
    st.floats(0.1, 100),
    st.integers(1, 8),
)
@settings(max_examples=30, deadline=None)
def test_a_faster_link_gets_more_actions_and_all_fit(
    speeds: list[float], seconds: float, levels: int
) -> None:
    plan = PLAN
    chosen = plan.fit(speeds, seconds, levels)
    assert len(set(chosen)) <= levels
    assert 1 <= min(chosen) <= max(chosen) <= plan.n_items
    order = np.argsort(speeds, kind="stable")
    assert (np.diff(np.array(chosen)[order]) >= 0).all()
    for speed, actions in zip(speeds, chosen, strict=True):
        assert sum(plan.sizes(actions)) <= speed * seconds or actions == min(chosen)


PLAN = Plan(FedRAS(numbers="q8n"), 1000, 16)


@pytest.mark.parametrize("room", [2_000, 5_000, 20_000])
def test_the_largest_number_that_fits_is_taken(room: int) -> None:
    found = PLAN.actions_for(room)
    assert sum(PLAN.sizes(found)) <= room < sum(PLAN.sizes(found + 1))
    assert PLAN.actions_for(100) == 0
    assert PLAN.fit([1.0], 1.0, 5) == [1]
    assert PLAN.fit([1e9], 1.0, 5) == [1000]
    assert PLAN.rate(1000) == 0.0


@st.composite
def updates(draw: st.DrawFn) -> RowUpdate:
    """Updates of few or many directions, some of them rare, of some rows or all."""
    size = draw(st.integers(2, 300))
    count = draw(st.integers(1, size))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    rows = np.sort(chance.permutation(size)[:count]).astype(np.int32)
    kinds = draw(st.integers(1, count))
    of_kind = chance.normal(size=(kinds, 4)).astype(np.float32)
    weights = np.arange(1, kinds + 1) ** -draw(st.sampled_from([0.0, 1.0, 3.0]))
    which = chance.choice(kinds, count, p=weights / weights.sum())
    noise = draw(st.sampled_from([0.0, 0.3])) * chance.normal(size=(count, 4))
    return RowUpdate(rows, (of_kind[which] + noise).astype(np.float32), size)


METHODS = [
    FedRAS(),
    FedRAS(alpha=0.9, numbers="q8n"),
    FedRAS(alpha=0.9, strict=True),
    FedRASF(numbers="sign"),
]


@pytest.mark.parametrize("method", METHODS, ids=str)
@given(update=updates(), share=st.floats(0.01, 1), threshold=st.sampled_from([None, -1.0, 0.5, 1]))
@settings(max_examples=40, deadline=None)
def test_no_update_is_larger_than_planned(
    method: FedRAS, update: RowUpdate, share: float, threshold: float | None
) -> None:
    budget = max(1, round(share * update.size))
    plan = Plan(method, update.size, 4)
    memory = {} if threshold is None else {"sum": threshold, "records": 1.0}
    up = method.uplink(budget, ZERO).encode(update, ZERO)
    down, _ = method.compress(update, budget, memory, ZERO, ZERO)
    vectors = len(down.parts.get(Part.ACTIONS, b""))
    one = len(pack_actions(*_one(update), method.numbers, ZERO).parts[Part.ACTIONS])
    assert vectors <= one * method.most(budget)
    sizes = [len(each.of_round(MOST).to_bytes()) for each in (up, down)]
    assert sizes[0] <= plan.sizes(budget).up
    assert sizes[1] <= plan.sizes(budget).down


def _one(update: RowUpdate) -> tuple[RowUpdate, np.ndarray, np.ndarray]:
    return update, update.values[:1], np.zeros(len(update.rows), np.int32)


def test_strict_is_what_it_says_and_otherwise_alpha_is_used() -> None:
    chance = np.random.default_rng(0)
    rows = chance.normal(size=(200, 8)).astype(np.float32)
    update = RowUpdate(np.arange(200, dtype=np.int32), rows, 200)
    sent = {}
    for strict in (False, True):
        method = FedRAS(strict=strict)
        memory = {"sum": 1.0, "records": 1.0}  # a threshold that only single rows reach
        payload, _ = method.compress(update, 10, memory, ZERO, ZERO)
        sent[strict] = len(payload.part(Part.ACTIONS)) // (4 * 8)
    assert sent == {False: 12, True: 10}


@pytest.mark.parametrize("strict", [False, True])
def test_a_federation_sends_no_more_than_planned(strict: bool) -> None:
    running = simulation(**HETEROGENEOUS, strict=strict)
    plan = Plan(running.method, N_ITEMS, running.config.dim)  # type: ignore[arg-type]
    for _ in range(6):
        running.step()
        for stream, data in zip(
            running.server.streams, running.server.broadcast.items, strict=True
        ):
            assert len(data) <= plan.sizes(stream.budget).down


def test_a_scoring_model_is_in_the_sizes() -> None:
    few, more = (Plan(FedRAS(), 100, 8, parameters).sizes(3) for parameters in (0, 1000))
    assert more.up - few.up == more.down - few.down >= 4000
    assert Plan(FedRAS(), 100, 8, 1000).snapshot() >= 4 * 100 * 8 + 4000


def test_speeds_are_read_and_rates_written(tmp_path: Path) -> None:
    path = tmp_path / "speeds.csv"
    path.write_text('a,1000\n"b,c",2.5e6\n')
    assert read_speeds(path) == {"a": 1000.0, "b,c": 2.5e6}
    write_rates(["a", "b,c"], [0.5, 0.25], tmp_path / "rates.csv")
    assert (tmp_path / "rates.csv").read_text().splitlines() == ["a,0.5", '"b,c",0.25']


@pytest.mark.parametrize("row", ["a", "a,b", "a,0", "a,-1", "a,nan", "a,inf", "a,1,2", ""])
def test_other_rows_are_refused(row: str, tmp_path: Path) -> None:
    path = tmp_path / "speeds.csv"
    path.write_text(row)
    with pytest.raises(UsageError, match=r"speeds\.csv"):
        read_speeds(path)

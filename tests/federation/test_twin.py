"""The fast path against `twin`, which follows the paper's pseudo-code, and against itself."""

import copy
import itertools
from typing import Any

import numpy as np
import pytest
from helpers import twin
from helpers.twin import State, Twin

from fedras.arrays import Float32s, Float64s
from fedras.config import Config
from fedras.data import Interactions, client_keys, from_columns
from fedras.federation.simulator import Simulation

# The twin computes in float64, the fast path in float32. One round adds up some hundred float32
# terms of size 1 or less, each rounded to 6e-8 of itself: errors of 1e-6 are usual, and an error in
# the logic (a row in another group, a step with another sample) shows as 1e-3 and more.
TOLERANCE = 2e-5

# A decision between two values that are closer than this hangs on the rounding. The round it was
# made in is not compared; few are.
TIE = 1e-6

SMALL: dict[str, Any] = {
    "monitor": "test",  # the paper knows no validation item
    "dim": 8,
    "rounds": 6,
    "client_fraction": 0.2,
    # Small batches and long steps: else a client's rows are multiples of one vector, full of ties.
    "batch_size": 4,
    "learning_rate": 3.0,
    "final_learning_rate": 0.3,
    "weight_decay": 0.01,
    "decay_per": "step",
    "bias": False,
    "compression_rate": 0.8,
}
CASES: dict[str, dict[str, Any]] = {
    "uncompressed": {"compression_rate": 0.0},
    "few actions": {"compression_rate": 0.9},
    "many actions": {"compression_rate": 0.7, "seed": 1},
    "one action": {"compression_rate": 0.99},
    "all options": {
        "seed": 2,
        "weight_decay": 0.05,
        "final_learning_rate": 0.2,
        "initial_scale": 2.0,
        "local_epochs": 3,
        "negatives": 2,
        "options": {"alpha": 0.5, "iterations": 4, "client_iterations": 3},
    },
    "everybody": {"client_fraction": 1.0, "seed": 3},
    "budgets": {
        "rate_range": (0.7, 0.95),
        "rate_levels": 3,
        "seed": 4,
        "error_feedback": False,
        "strict": False,
    },
    "beyond the paper": {"seed": 6, "decay_per": "epoch", "bias": True},
    "no negatives": {"negatives": 0, "seed": 5},
}


@pytest.fixture(scope="module")
def interactions() -> Interactions:
    return random_interactions(30, 60)


def random_interactions(n_users: int, n_items: int) -> Interactions:
    """Users with 3 to 15 items each; ids in an order that is not the one of the draws."""
    rng = np.random.default_rng(7)
    users, items = [], []
    for user in range(n_users):
        own = rng.choice(n_items, rng.integers(3, 16), replace=False)
        users += [f"user {user}"] * len(own)
        items += [f"item {item}" for item in own]
    users += ["user 0"] * n_items  # makes every item known, and this user has no negatives left
    items += [f"item {item}" for item in range(n_items)]
    return from_columns("random", users, items)


def twin_of(simulation: Simulation) -> Twin:
    split = simulation.split
    histories = [split.items[start:end].tolist() for start, end in itertools.pairwise(split.indptr)]
    identities = client_keys(simulation.interactions.user_ids).tolist()
    return Twin(simulation.config, identities, histories, simulation.interactions.n_items)


def double(array: Float32s) -> Float64s:
    return array.astype(np.float64)


def catch_up(state: State, simulation: Simulation) -> None:
    """Start the twin from where the fast path is.

    Over several rounds a difference in the last bit can grow into another cluster, which is as good
    as the first; so each round is compared by itself. The records of the threshold are the twin's.
    """
    state.items = double(simulation.server.items)
    state.vectors = double(simulation.silo.vectors)
    for stream in simulation.server.streams:
        state.replicas[stream.budget] = double(stream.replica)


@pytest.fixture
def gaps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How far apart the two smallest values were, in each decision of the twin."""
    seen: list[float] = []
    decide = twin.smallest

    def watched(values: list[float]) -> int:
        distinct = sorted(set(values))[:2]
        seen.extend(b - a for a, b in itertools.pairwise(distinct))
        return decide(values)

    monkeypatch.setattr(twin, "smallest", watched)
    return seen


def close(fast: Float32s, slow: Float64s) -> None:
    np.testing.assert_allclose(fast, slow, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("case", CASES)
def test_each_round_is_the_round_of_the_paper(
    case: str, interactions: Interactions, gaps: list[float]
) -> None:
    simulation = Simulation(Config.model_validate(SMALL | CASES[case]), interactions)
    slow = twin_of(simulation)
    state = slow.initial()
    close(simulation.server.items, state.items)
    close(simulation.silo.vectors, state.vectors)
    assert [stream.budget for stream in simulation.server.streams] == list(state.replicas)
    compared = 0
    for _ in range(simulation.config.rounds):
        catch_up(state, simulation)
        gaps.clear()
        expected_cohort = slow.client_select(state.t)
        assert simulation.server.select().tolist() == expected_cohort
        before = simulation.silo.vectors.copy()
        result = simulation.step()
        moved = (simulation.silo.vectors != before).any(axis=1)
        assert set(np.flatnonzero(moved)) == set(expected_cohort)
        report = slow.play(state)
        if min(gaps, default=1) > TIE:
            compared += 1
            compare(simulation, state)
            shares = [report.actions[s.budget] * s.listeners for s in simulation.server.streams]
            assert result.actions == pytest.approx(sum(shares) / interactions.n_users)
            uploaded = 4 * simulation.config.dim * sum(report.uploaded)
            assert result.uplink.vectors_per_client * len(expected_cohort) == uploaded
        else:  # from here on the recorded cosines may differ: forget them on both sides
            state.records = {budget: [] for budget in state.records}
            for stream in simulation.server.streams:
                stream.memory = {}
    assert compared >= simulation.config.rounds // 2


def compare(simulation: Simulation, state: State) -> None:
    assert simulation.round == state.t
    close(simulation.server.items, state.items)
    close(simulation.silo.vectors, state.vectors)
    for s, stream in enumerate(simulation.server.streams):
        close(stream.replica, state.replicas[stream.budget])
        close(simulation.silo.replicas[s], state.replicas[stream.budget])
        records = state.records[stream.budget]
        assert stream.memory.get("records", 0) == len(records)
        assert stream.memory.get("sum", 0) == pytest.approx(sum(records), abs=TOLERANCE)


def trajectory(config: Config, interactions: Interactions) -> list[bytes]:
    """All that a run makes: the payloads of each round, and what it leaves behind."""
    simulation = Simulation(config, interactions)
    seen: list[bytes] = []
    for _ in range(config.rounds):
        server = simulation.server
        uploads = copy.deepcopy(simulation.silo).train(server.select())
        seen += [upload.items for upload in uploads]
        simulation.step()
        seen += server.broadcast.items
    arrays, values = simulation.state()
    made = sorted(arrays.keys() - {"clients"})  # who they are is given
    return [*seen, *(arrays[name].tobytes() for name in made), repr(values).encode()]


def test_the_rounds_use_fewer_and_more_groups_than_expected(interactions: Interactions) -> None:
    """The cases above mean something only if they reach the rare branches of the algorithm."""
    simulation = Simulation(Config.model_validate(SMALL | CASES["many actions"]), interactions)
    expected = simulation.server.streams[0].budget
    actions = {simulation.step().actions for _ in range(6)}
    assert min(actions) < expected
    assert max(actions) > expected


@pytest.mark.parametrize("case", ["few actions", "budgets"])
def test_threads_do_not_change_a_bit(case: str, interactions: Interactions) -> None:
    config = Config.model_validate(SMALL | CASES[case])
    one, two = (
        trajectory(config.model_copy(update={"threads": count}), interactions) for count in (1, 2)
    )
    assert one == two


def test_a_seed_decides_everything(interactions: Interactions) -> None:
    config = Config.model_validate(SMALL)
    first = trajectory(config, interactions)
    assert trajectory(config, interactions) == first
    other = trajectory(config.model_copy(update={"seed": 1}), interactions)
    pairs = zip(other[:-1], first[:-1], strict=False)
    assert all(a != b for a, b in pairs if any(a))  # what is empty or not in use is the same


def test_the_order_of_users_and_of_the_table_does_not_matter() -> None:
    """Identities, not positions, decide: the same people in another order get the same vectors."""
    users = [f"u{u}" for u in range(12) for _ in range(5)]
    items = [f"i{(3 * u + k) % 20:02}" for u in range(12) for k in range(5)]
    some = from_columns("a", users, items)
    reverse = np.arange(11, -1, -1)
    turned = Interactions(
        "b",
        some.user_ids[reverse],
        some.item_ids,
        np.concatenate(([0], np.cumsum(np.diff(some.indptr)[reverse]))),
        np.concatenate([some.items[some.indptr[u] : some.indptr[u + 1]] for u in reverse]),
    )
    config = Config.model_validate(SMALL | {"client_fraction": 0.5})
    one, other = Simulation(config, some), Simulation(config, turned)
    for _ in range(4):
        one.step()
        other.step()
    assert one.server.items.tobytes() == other.server.items.tobytes()
    assert one.silo.replicas.tobytes() == other.silo.replicas.tobytes()
    assert one.silo.vectors[reverse].tobytes() == other.silo.vectors.tobytes()

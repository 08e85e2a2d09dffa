"""The compiled network against its derivative, against a plain one, and in a federation."""

from collections.abc import Callable

import numpy as np
import pytest
from helpers import plain_ncf
from helpers.cohorts import cohort, config, histories, interactions
from helpers.plain_ncf import Array, Client

from fedras.arrays import Float32s
from fedras.config import Config
from fedras.federation.simulator import Simulation
from fedras.models import Cohort, Model
from fedras.models.ncf import NCF, UNITS

DIMS = [1, 3, 8, 33]
BLOCK = 128  # at least what the core computes together
ONE_STEP = {"local_epochs": 1, "batch_size": 10_000}


def slope(function: Callable[[Array], float], at: Array) -> Array:
    """Central differences."""
    result = np.empty_like(at)
    for index in np.ndindex(at.shape):
        before = at[index]
        at[index] = before + 1e-6
        above = function(at)
        at[index] = before - 1e-6
        result[index] = (above - function(at)) / 2e-6
        at[index] = before
    return result


@pytest.mark.parametrize("dim", DIMS)
def test_one_batch_is_a_step_down_the_cross_entropy(dim: int) -> None:
    model = NCF(network_rate=1.0, weight_decay=0.0)
    who, options = cohort(model, dim, [[4, 0, 2, 0]], n_items=7, rate=1.0), config(**ONE_STEP)
    p, items = who.vectors[0].astype(np.float64), who.replicas[0].astype(np.float64)
    network = who.scoring.astype(np.float64)
    rows, samples, _ = plain_ncf.drawn(who.positives, 7, options.negatives, who.keys[0])
    labels = np.repeat([1.0, 0.0], [4, 4 * options.negatives])
    (update,), trained = model.train(who, options)

    by_user = slope(lambda x: plain_ncf.loss(x, items[samples], network, labels), p)
    np.testing.assert_allclose(who.vectors[0] - p, -by_user / len(samples), atol=2e-6)
    by_item = slope(lambda x: plain_ncf.loss(p, x[samples], network, labels), items)
    assert update.rows.tolist() == rows
    occurrences = np.bincount(samples, minlength=7)[rows]
    np.testing.assert_allclose(update.values, -by_item[rows] / occurrences[:, None], atol=2e-6)
    by_network = slope(lambda x: plain_ncf.loss(p, items[samples], x, labels), network)
    np.testing.assert_allclose(trained[0] - network, -by_network / len(samples), atol=2e-6)
    for weights, bias in plain_ncf.unpack(by_network, dim):
        assert weights.any()
        assert bias.any()


@pytest.mark.parametrize("dim", DIMS)
def test_training_agrees_with_the_plain_client(dim: int) -> None:
    compared = compare(
        NCF(network_rate=0.5, weight_decay=0.03, decay_per="step"), dim, histories(8), config()
    )
    assert compared >= 4


def test_a_batch_of_several_blocks_agrees_with_the_plain_client() -> None:
    liked = list(range(50))
    options = config(negatives=6, batch_size=BLOCK + 20, local_epochs=2)
    assert len(liked) * 7 > options.batch_size > BLOCK
    assert sum(compare(NCF(decay_per="step"), 4, [liked], options, seed) for seed in range(3))


def compare(model: NCF, dim: int, likes: list[list[int]], options: Config, seed: int = 0) -> int:
    """Compare all clients where no ReLU hangs on the rounding; return how many those are."""
    rate = 0.1
    who = cohort(model, dim, likes, rate=rate, seed=seed)
    starts = who.vectors.astype(np.float64)
    updates, networks = model.train(who, options)
    compared = 0
    for c, liked in enumerate(likes):
        items = who.replicas[who.stream[c]].astype(np.float64)
        client = Client(starts[c], items.copy(), who.scoring.astype(np.float64))
        rows = client.train(
            np.array(liked, np.int32),
            who.keys[c],
            options.local_epochs,
            options.batch_size,
            options.negatives,
            (rate, model.weight_decay, rate * model.network_rate),
        )
        assert updates[c].rows.tolist() == rows
        if client.closest < 1e-6:
            continue
        compared += 1
        np.testing.assert_allclose(who.vectors[c], client.vector, atol=1e-5)
        np.testing.assert_allclose(updates[c].values, (client.items - items)[rows], atol=1e-5)
        np.testing.assert_allclose(networks[c], client.network, atol=1e-5)
    return compared


def test_a_network_that_does_not_move_stays_as_it_was() -> None:
    model = NCF(network_rate=0.0)
    who = cohort(model, 5, histories(4))
    before = who.vectors.copy()
    _, networks = model.train(who, config())
    assert (networks == who.scoring).all()
    assert (who.vectors[1:] != before[1:]).any()


@pytest.mark.parametrize("dim", DIMS)
def test_scores_are_those_of_the_plain_network(dim: int) -> None:
    who = cohort(NCF(), dim, histories(5), n_items=BLOCK + 50)
    network, items = who.scoring, who.replicas[0]
    every = NCF().scores(who.vectors, items, network, None)
    for user, vector in enumerate(who.vectors):
        wanted = plain_ncf.logits(
            vector.astype(np.float64), items.astype(np.float64), network.astype(np.float64)
        )
        np.testing.assert_allclose(every[user], wanted, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("dim", DIMS)
def test_the_first_network_has_a_scale_that_neither_explodes_nor_vanishes(dim: int) -> None:
    network = NCF().initial_scoring(dim, np.uint64(3)).astype(np.float64)
    rng = np.random.default_rng(0)
    items = rng.normal(size=(100, dim)) / dim
    scores = plain_ncf.logits(rng.normal(size=dim) / dim, items, network)
    assert 1e-3 < np.abs(scores).max() < 10
    assert [len(bias) for _, bias in plain_ncf.unpack(network, dim)] == list(UNITS)
    assert not any(bias.any() for _, bias in plain_ncf.unpack(network, dim))


def test_scores_far_from_zero_do_no_harm() -> None:
    who = cohort(NCF(), 3, histories(4))
    who.vectors[:] *= 1e3
    who.replicas[:] *= 1e3
    updates, networks = NCF().train(who, config(**ONE_STEP))
    assert np.isfinite(who.vectors).all()
    assert all(np.isfinite(update.values).all() for update in updates)
    assert np.isfinite(networks).all()


def test_the_server_averages_the_networks_of_the_cohort(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[Float32s] = []
    train = NCF.train

    def recording(self: Model, who: Cohort, options: Config) -> object:
        result = train(self, who, options)  # type: ignore[arg-type]
        trained.append(result[1])
        return result

    monkeypatch.setattr(NCF, "train", recording)
    options = config(model="ncf", dim=4, scoring_numbers="f32")
    simulation = Simulation(options, interactions())
    for _ in range(2):
        trained.clear()
        simulation.step()
        networks = np.concatenate(trained)  # clients are trained in parts
        mean = networks.mean(axis=0, dtype=np.float64)
        np.testing.assert_allclose(simulation.server.scoring, mean, rtol=1e-6, atol=1e-7)
        assert (simulation.silo.scoring == simulation.server.scoring).all()
        assert len(np.unique(networks, axis=0)) == len(networks) > 1

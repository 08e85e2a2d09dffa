"""What holds for every base model."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.cohorts import cohort, config, histories, interactions

from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.federation.simulator import Simulation
from fedras.models import MODELS, Cohort, Model

DIMS = [1, 3, 8, 33]


@pytest.fixture(params=MODELS.names())
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS.get(request.param).model_validate({})


@pytest.mark.parametrize("dim", DIMS)
def test_the_first_scoring_model_is_a_function_of_the_key(model: Model, dim: int) -> None:
    first, again, other = (model.initial_scoring(dim, np.uint64(k)) for k in (5, 5, 6))
    assert first.dtype == np.float32
    assert first.ndim == 1
    assert first.tobytes() == again.tobytes()
    assert len(first) == len(other)
    assert not len(first) or (first != other).any()


@pytest.mark.parametrize("dim", DIMS)
def test_some_scores_are_some_of_all_scores(model: Model, dim: int) -> None:
    who = cohort(model, dim, histories(6), n_items=600)
    every = model.scores(who.vectors, who.replicas[0], who.scoring, None)
    assert every.shape == (6, 600)
    assert every.dtype == np.float32
    candidates = np.random.default_rng(1).integers(0, 600, (6, 30)).astype(np.int32)
    some = model.scores(who.vectors, who.replicas[0], who.scoring, candidates)
    wanted = np.take_along_axis(every, candidates, axis=1)
    np.testing.assert_allclose(some, wanted, atol=1e-5 * np.abs(every).max())
    one = model.scores(who.vectors[:1], who.replicas[0], who.scoring, candidates[:1])
    assert one.tobytes() == some[:1].tobytes()


@pytest.mark.parametrize("dim", DIMS)
def test_the_number_of_threads_does_not_matter(model: Model, dim: int) -> None:
    results = []
    for count in (1, 2):
        set_threads(count)
        who = cohort(model, dim, histories(17))
        updates, networks = model.train(who, config())
        scores = model.scores(who.vectors, who.replicas[0], who.scoring, None)
        arrays = who.vectors, networks, scores, *(update.values for update in updates)
        results.append([array.tobytes() for array in arrays])
    assert results[0] == results[1]


def test_a_client_trains_as_if_it_were_alone(model: Model) -> None:
    likes = histories(5)
    who, alone = cohort(model, 3, likes), cohort(model, 3, likes)
    replicas = who.replicas.copy()
    updates, networks = model.train(who, config())
    assert (who.replicas == replicas).all()
    for c, liked in enumerate(likes):
        one = slice(c, c + 1)
        single = Cohort(
            alone.vectors[one],
            np.array(liked, np.int32),
            np.array([0, len(liked)], np.int64),
            alone.replicas,
            alone.stream[one],
            alone.scoring,
            alone.keys[one],
            alone.learning_rate,
            alone.span,
        )
        (update,), (network,) = model.train(single, config())
        assert single.vectors[0].tobytes() == who.vectors[c].tobytes()
        assert update.rows.tolist() == updates[c].rows.tolist()
        assert update.values.tobytes() == updates[c].values.tobytes()
        assert network.tobytes() == networks[c].tobytes()


def test_items_move_within_the_span(model: Model) -> None:
    free, bound = (cohort(model, 5, histories(6)) for _ in range(2))
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(2, 5, 3)))[0].swapaxes(1, 2)
    bound = replace(bound, span=np.ascontiguousarray(basis, np.float32))
    one_step = config(local_epochs=1, batch_size=1000)
    for c, (wanted, update) in enumerate(
        zip(*(model.train(who, one_step)[0] for who in (free, bound)), strict=True)
    ):
        within = wanted.values @ basis[bound.stream[c]].T @ basis[bound.stream[c]]
        np.testing.assert_allclose(update.values, within, atol=1e-6)
    assert free.vectors.tobytes() == bound.vectors.tobytes()


def test_a_client_without_items_learns_nothing(model: Model) -> None:
    who = cohort(model, 3, [[], [1]])
    before = who.vectors.copy()
    updates, networks = model.train(who, config())
    assert len(updates[0].rows) == 0
    assert (who.vectors[0] == before[0]).all()
    assert (networks[0] == who.scoring).all()


def test_positives_rise_and_negatives_fall(model: Model) -> None:
    liked = [1, 4, 7, 11]
    who = cohort(model, 8, [liked], n_items=20, rate=0.3)
    items = who.replicas[0].copy()
    before = model.scores(who.vectors, items, who.scoring, None)[0]
    (update,), (network,) = model.train(who, config(local_epochs=30))
    update.add_to(items)
    change = model.scores(who.vectors, items, network, None)[0] - before
    others = np.setdiff1d(update.rows, liked)
    assert change[liked].mean() > 0.2
    assert change[others].mean() < -0.2


def test_by_epoch_who_has_more_steps_is_not_shrunk_more(model: Model) -> None:
    """It is the decay by step, divided by how many of these a client's epoch has."""
    options, likes = config(batch_size=8), [[3, 9], list(range(10, 22)), list(range(30, 35))]
    steps = [-(-len(own) * (1 + options.negatives) // options.batch_size) for own in likes]
    assert len(set(steps)) == 3
    for own, count in zip(likes, steps, strict=True):
        by_epoch = model.model_copy(update={"weight_decay": 0.06, "decay_per": "epoch"})
        by_step = model.model_copy(update={"weight_decay": 0.06 / count, "decay_per": "step"})
        one, other = cohort(model, 3, [own]), cohort(model, 3, [own])
        (mine,), _ = by_epoch.train(one, options)
        (theirs,), _ = by_step.train(other, options)
        np.testing.assert_allclose(one.vectors, other.vectors, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(mine.values, theirs.values, rtol=1e-4, atol=1e-6)
        undivided = by_step.model_copy(update={"weight_decay": 0.06})
        whole = cohort(model, 3, [own])
        undivided.train(whole, options)
        assert np.allclose(whole.vectors, one.vectors, rtol=1e-5) == (count == 1)


def test_a_federation_learns(model: Model) -> None:
    name = next(name for name in MODELS.names() if isinstance(model, MODELS.get(name)))
    options = Config(
        model=name,
        dim=8,
        rounds=60,
        client_fraction=0.5,
        compression_rate=0,
        local_epochs=4,
        monitor="test",
    )
    simulation = Simulation(options, interactions())
    before = loss(simulation)
    for _ in range(60):
        simulation.step()
    assert loss(simulation) < 0.7 * before  # the rate of positives alone reaches 0.72
    evaluation = Evaluation(interactions(), simulation.split, 20)
    silo = simulation.silo
    state = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    assert evaluation.sampled(simulation.model, state)["hr@10"] > 0.5


def loss(simulation: Simulation) -> float:
    """The mean cross-entropy of all pairs, with four others to a positive as in training."""
    silo = simulation.silo
    scores = simulation.model.scores(silo.vectors, silo.replicas[0], silo.scoring, None)
    scores = scores.astype(np.float64)
    liked = np.zeros(scores.shape, bool)
    liked[np.repeat(np.arange(len(scores)), np.diff(silo.indptr)), silo.items] = True
    positive, negative = np.logaddexp(0, -scores[liked]), np.logaddexp(0, scores[~liked])
    return float(positive.mean() + 4 * negative.mean()) / 5

"""Clients to train, and their random data."""

from functools import cache

import numpy as np

from fedras import data
from fedras.config import Config
from fedras.models import Cohort, Model


def config(**given: object) -> Config:
    """Three epochs of a few small batches."""
    usual = {"local_epochs": 3, "batch_size": 16, "negatives": 2, "compression_rate": 0}
    return Config.model_validate(usual | given)


def cohort(
    model: Model,
    dim: int,
    histories: list[list[int]],
    n_items: int = 60,
    rate: float = 0.1,
    seed: int = 0,
) -> Cohort:
    """Clients with these items, half of them on each of two streams; all that is learnt is random.

    The parameters of the scoring model are moved off their start, where all biases may be 0.
    """
    rng = np.random.default_rng(seed)
    start = model.initial_scoring(dim, np.uint64(seed))
    return Cohort(
        rng.normal(size=(len(histories), dim)).astype(np.float32),
        np.array([item for own in histories for item in own], np.int32),
        np.cumsum([0, *map(len, histories)]).astype(np.int64),
        rng.normal(size=(2, n_items, dim)).astype(np.float32),
        np.arange(len(histories), dtype=np.int64) % 2,
        (start + 0.1 * rng.normal(size=len(start))).astype(np.float32),
        np.arange(11, 11 + len(histories), dtype=np.uint64),
        rate,
        np.zeros((2, 0, dim), np.float32),
    )


def histories(n: int, n_items: int = 60, most: int = 12, seed: int = 0) -> list[list[int]]:
    """Random items of n clients; the first has none."""
    rng = np.random.default_rng(seed)
    return [[], *(rng.choice(n_items, rng.integers(1, most + 1)).tolist() for _ in range(n - 1))]


@cache
def interactions() -> data.Interactions:
    """What a small federation trains on."""
    return data.load("synthetic", None, {"users": 40, "items": 60, "interactions": 500})

"""A federation of a few people, for the tests of its parts."""

import numpy as np

from fedras.config import Config
from fedras.data import Interactions, from_columns
from fedras.federation.simulator import Simulation

N_USERS, N_ITEMS, DIM = 24, 50, 6


def interactions() -> Interactions:
    """Users with 3 to 12 items each."""
    rng = np.random.default_rng(3)
    users, items = ["u00"] * N_ITEMS, list(range(N_ITEMS))
    for user in range(1, N_USERS):
        own = rng.choice(N_ITEMS, rng.integers(3, 13), replace=False)
        users += [f"u{user:02}"] * len(own)
        items += own.tolist()
    return from_columns("few people", users, items)


def simulation(**options: object) -> Simulation:
    """Return a new federation; options of `Config` replace these."""
    plain = {"dim": DIM, "rounds": 6, "client_fraction": 0.25, "compression_rate": 0.8}
    return Simulation(Config.model_validate(plain | options), interactions())


HETEROGENEOUS = {"rate_range": (0.6, 0.95), "rate_levels": 4, "seed": 1}

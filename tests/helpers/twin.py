"""Algorithm 1 of the paper, slowly: the reference that the compiled code is compared with.

Read it next to the pseudo-code; "line n" is a line of it. All is plain loops over float64, and the
random numbers are Python integers; only the configuration is shared with the package. An update of
the item matrix is a dictionary from item to vector.
"""

import math
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np

from fedras.arrays import Float64s
from fedras.config import Config
from helpers.streams import Stream, stream_key

Vector = Float64s
Update = dict[int, Vector]

_ITEMS, _USER, _COHORT, _TRAINING, _UPLINK, _DOWNLINK, _BUDGET = 1, 2, 4, 5, 6, 7, 8


@dataclass
class State:
    """What changes from round to round. ``replicas`` and ``records`` are per budget e."""

    t: int
    items: Vector
    vectors: Vector
    replicas: dict[int, Vector]
    records: dict[int, list[float]]


@dataclass
class Report:
    """What one round did: who trained, and how many vectors went up and down."""

    cohort: list[int] = field(default_factory=list)
    uploaded: list[int] = field(default_factory=list)
    actions: dict[int, int] = field(default_factory=dict)


@dataclass
class Twin:
    """The clients' identities and histories, and what is asked of them."""

    config: Config
    identities: list[int]
    histories: list[list[int]]
    n_items: int

    def initial(self) -> State:
        """Line 1: the item matrix, and every client's vector, from N(0, (scale/d)^2)."""
        seed, d = self.config.seed, self.config.dim
        size = float(self.config.options["initial_scale"]) / d
        draws = Stream(stream_key(seed, _ITEMS))
        items = np.array([[draws.normal() * size for _ in range(d)] for _ in range(self.n_items)])
        vectors = []
        for identity in self.identities:
            draws = Stream(stream_key(seed, _USER, identity))
            vectors.append([draws.normal() * size for _ in range(d)])
            if self.config.options["bias"]:
                vectors[-1][-1] = 1.0
        budgets = sorted({self.budget(u) for u in range(len(self.identities))})
        replicas = {e: items.copy() for e in budgets}
        return State(0, items, np.array(vectors), replicas, {e: [] for e in budgets})

    def budget(self, u: int) -> int:
        """e_u: the limit in rows that follows from the client's compression rate."""
        rate = self.config.compression_rate
        if self.config.rate_range is not None:
            levels = np.linspace(*self.config.rate_range, self.config.rate_levels)
            draw = stream_key(self.config.seed, _BUDGET, self.identities[u])
            rate = float(levels[(draw >> 32) * len(levels) >> 32])
        return max(1, round(self.n_items * (1 - rate)))

    def play(self, state: State) -> Report:
        """Lines 3 to 11 for one t, and what every client hears of it (lines 14 to 17)."""
        config, report = self.config, Report()
        report.cohort = self.client_select(state.t)  # line 3
        received = []
        for u in report.cohort:  # lines 5 to 7
            update, vectors = self.client_local_train(state, u)
            received.append(update)
            report.uploaded.append(vectors)
        delta = aggregation(received)  # line 8
        for item, change in delta.items():  # line 9; line 10: MF has no scoring model
            state.items[item] += change
        state.t += 1
        alpha, iterations = float(config.options["alpha"]), int(config.options["iterations"])
        for e, replica in state.replicas.items():  # line 11
            draws = Stream(stream_key(config.seed, _DOWNLINK, state.t, e))
            compressed, actions = ada_compress(delta, e, alpha, state.records[e], iterations, draws)
            report.actions[e] = actions
            for item, change in compressed.items():  # line 16, by all clients of this budget
                replica[item] += change
        return report

    def client_select(self, t: int) -> list[int]:
        """Line 3: the clients with the smallest draws."""
        size = max(1, round(self.config.client_fraction * len(self.identities)))
        draws = [stream_key(self.config.seed, _COHORT, t, i) for i in self.identities]
        return sorted(range(len(draws)), key=draws.__getitem__)[:size]

    def client_local_train(self, state: State, u: int) -> tuple[Update, int]:
        """Lines 13 to 29 for the client u: its update, and in how many vectors it is sent."""
        config, identity, liked = self.config, self.identities[u], self.histories[u]
        before = state.replicas[self.budget(u)]  # lines 14 to 19
        items = before.copy()
        draws = Stream(stream_key(config.seed, _TRAINING, state.t, identity))
        share = len(liked) * config.negatives if len(set(liked)) < self.n_items else 0
        unliked = [
            [self.negative(draws, set(liked)) for _ in range(share)]
            for _ in range(config.local_epochs)
        ]
        touched = set(liked)
        for epoch in range(config.local_epochs):  # lines 21 to 23
            samples = [(i, 1) for i in liked] + [(i, 0) for i in unliked[epoch]]
            touched |= {item for item, _ in samples}
            draws.shuffle(samples)
            by_epoch = self.config.options["decay_per"] == "epoch"
            full = len(liked) * (1 + config.negatives)  # also where there is no item to draw
            steps = max(1, math.ceil(full / config.batch_size)) if by_epoch else 1
            for start in range(0, len(samples), config.batch_size):
                batch = samples[start : start + config.batch_size]
                self.client_opt(
                    state.vectors[u], items, batch, state.t, 1 / steps
                )  # lines 22 and 24
        delta = {item: items[item] - before[item] for item in sorted(touched)}  # line 25
        e_u = self.budget(u)
        if len(delta) > e_u:  # lines 26 to 28
            draws = Stream(stream_key(config.seed, _UPLINK, state.t, identity))
            groups = kmeans(delta, e_u, int(config.options["client_iterations"]), draws)
            return reconstruct(delta, groups), len(groups)
        return delta, len(delta)  # line 29

    def negative(self, draws: Stream, liked: set[int]) -> int:
        """Draw an item that is new to the client."""
        while (item := draws.below(self.n_items)) in liked:
            pass
        return item

    def client_opt(
        self, p: Vector, items: Vector, batch: list[tuple[int, int]], t: int, share: float
    ) -> None:
        """One step of gradient descent on the cross-entropy of sigmoid(p.q) over a batch.

        The user moves by the mean gradient of the batch, each item by the mean over its own
        occurrences in it; both take a share of the weight decay.
        """
        config = self.config
        fallen = (1 - float(config.options["final_learning_rate"])) * t / max(1, config.rounds - 1)
        rate = float(config.options["learning_rate"]) * (1 - fallen)
        keep = 1 - rate * float(config.options["weight_decay"]) * share
        errors: dict[int, list[float]] = {}
        gradient = np.zeros(len(p))
        for item, label in batch:
            error = 1 / (1 + math.exp(-float(p @ items[item]))) - label
            gradient += error * items[item] / len(batch)
            errors.setdefault(item, []).append(error)
        for item, own in errors.items():
            items[item] = keep * items[item] - rate * sum(own) / len(own) * p
        p[:] = keep * p - rate * gradient
        if config.options["bias"]:
            p[-1] = 1.0


def aggregation(received: list[Update]) -> Update:
    """Section 4.4: the mean over the clients that trained an item; items at rest are left out."""
    by_item: dict[int, list[Vector]] = {}
    for update in received:
        for item, change in update.items():
            by_item.setdefault(item, []).append(change)
    means = {item: np.mean(by_item[item], axis=0) for item in sorted(by_item)}
    return {item: mean for item, mean in means.items() if mean.any()}


def reconstruct(update: Update, groups: list[list[int]]) -> Update:
    """Give each item the mean of its group."""
    return {item: np.mean([update[i] for i in group], axis=0) for group in groups for item in group}


def kmeans(update: Update, k: int, iterations: int, draws: Stream) -> list[list[int]]:
    """Lloyd's algorithm seeded by k-means++; groups that end up empty are dropped."""
    items = list(update)
    centres = [update[items[draws.below(len(items))]]]
    while len(centres) < min(k, len(items)):
        apart = [min(((update[i] - c) ** 2).sum() for c in centres) for i in items]
        if sum(apart) == 0:
            break
        target = draws.uniform() * sum(apart)
        centres.append(
            update[next(i for i, r in zip(items, accumulate(apart), strict=True) if r > target)]
        )
    groups: list[list[int]] = []
    for _ in range(iterations):
        previous, groups = groups, [[] for _ in centres]
        for item in items:
            groups[smallest([((update[item] - c) ** 2).sum() for c in centres])].append(item)
        if groups == previous:
            break
        for j, group in enumerate(groups):
            if group:
                centres[j] = np.mean([update[i] for i in group], axis=0)
    return [group for group in groups if group]


def ada_compress(
    update: Update,
    expected: int,
    alpha: float,
    records: list[float],
    iterations: int,
    draws: Stream,
) -> tuple[Update, int]:
    """Section 4.3: cluster into C_i groups, then split up to C_m; also the number of vectors."""
    if len(update) <= expected:
        return update, len(update)
    fewest = max(1, math.floor(expected * (1 - alpha)))
    most = min(len(update), max(expected, math.floor(expected * (1 + alpha))))
    threshold = sum(records) / len(records) if records else None
    groups = kmeans(update, fewest, iterations, draws)
    result: list[list[int]] = []
    recorded = 1.0
    while True:
        quality = [avg_cos_sim(update, group) for group in groups]
        worst = smallest(quality)
        stuck = len(groups[worst]) == 1 or len(groups) == most
        if len(groups) == expected:
            recorded = quality[worst]
        coherent = len(groups) >= expected if threshold is None else quality[worst] >= threshold
        if not result and (coherent or stuck):
            result = [list(group) for group in groups]  # "the splitting result from the first stop"
        if stuck or (result and len(groups) >= expected):
            break
        groups[worst], other = bisect(update, groups[worst])
        groups.append(other)
    records.append(recorded)
    return reconstruct(update, result), len(result)


def avg_cos_sim(update: Update, group: list[int]) -> float:
    """The equation of the same name: between all gradients of a group and its centre."""
    centre = np.mean([update[i] for i in group], axis=0)
    return min(1.0, sum(cosine(update[i], centre) for i in group) / len(group))


def bisect(update: Update, group: list[int]) -> tuple[list[int], list[int]]:
    """Split around the two gradients with the lowest cosine similarity."""
    pairs = [(i, j) for at, i in enumerate(group) for j in group[at + 1 :]]
    one, other = pairs[smallest([cosine(update[i], update[j]) for i, j in pairs])]
    halves: tuple[list[int], list[int]] = [], []
    for item in group:
        towards = -cosine(update[item], update[one]), -cosine(update[item], update[other])
        half = 0 if item == one else 1 if item == other else smallest(list(towards))
        halves[half].append(item)
    return halves


def smallest(values: list[float]) -> int:
    """Return where the smallest value is, the first of equals: every decision is made here."""
    return values.index(min(values))


def cosine(a: Vector, b: Vector) -> float:
    """The cosine similarity; 0 where a vector is 0."""
    lengths = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / lengths if lengths else 0.0

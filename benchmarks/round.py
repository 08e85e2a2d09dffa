"""A whole simulated round, next to the loop in PyTorch that published code runs.

The peer trains one client after another: `nn.Embedding` for the user and the items, a `DataLoader`
over a `TensorDataset` of (item, label) that shuffles, `torch.optim.SGD`, `BCEWithLogitsLoss`. A
client loads what the server holds, trains, and returns by how much its parameters changed; the
server averages each item over the clients that trained it. Everything is to the peer's advantage
that does not change this: it neither compresses nor serialises anything, keeps one network and one
table of users instead of copies for each client, draws negatives once a round instead of once an
epoch, from lists made beforehand, and runs on one thread or two, whichever is faster. Next to it is
the same peer with a shuffled tensor cut into batches instead of the `DataLoader`.

fedras does all that it always does, with 8 actions and error feedback: every update is coded,
serialised, parsed and decoded. Both train the same cohorts, in turn; a ratio is of one round of the
peer to the mean of the rounds of fedras after it. `--check` trains both for the same number of
rounds and compares what they rank.

Needs PyTorch, and MovieLens-100K or else generated data of its size.

python benchmarks/round.py
"""

import argparse
from collections.abc import Iterable
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from measure import PAGE, Result, described, keep, machine, quartiles, seconds, wrapped
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from fedras import metrics
from fedras.components import make_config
from fedras.errors import DataError
from fedras.evaluation import Evaluation, Ranked
from fedras.federation.simulator import Simulation
from fedras.kernels.jit import numba_config, set_threads
from fedras.report.sections import replace_section

GENERATED = {"dataset": "synthetic", "users": 943, "items": 1682, "interactions": 100_000}
COMMON = {"error_feedback": True, "actions": 8}
REPEATS = {"mf": 20, "ncf": 15}
WARM, ROUNDS = 20, 10  # rounds of fedras before all, and after each of the peer's
CHECKED = 100  # rounds of both in the check
ITEMS, USER = "items.weight", "user.weight"
Batches = Iterable[tuple[Tensor, ...]]


class MF(nn.Module):
    """A client's matrix factorisation: its own vector and all items."""

    def __init__(self, n_items: int, dim: int) -> None:
        super().__init__()
        self.user = nn.Embedding(1, dim)
        self.items = nn.Embedding(n_items, dim)

    def forward(self, items: Tensor) -> Tensor:
        """Return the logits, float32[B]."""
        scores: Tensor = self.items(items) @ self.user.weight[0]
        return scores

    def groups(self, rate: float, decay: float, batch: int) -> list[dict[str, object]]:
        """Return parameters and steps: items by the sum over a batch, all else by its mean."""
        rest = {"params": self.user.parameters(), "lr": rate / batch, "weight_decay": decay * batch}
        return [{"params": self.items.parameters(), "lr": rate}, rest]


class NCF(MF):
    """The same with a network on user and item."""

    def __init__(self, n_items: int, dim: int, network_rate: float) -> None:
        super().__init__(n_items, dim)
        sizes = pairwise((2 * dim, 64, 32, 16))
        hidden = [layer for ends in sizes for layer in (nn.Linear(*ends), nn.ReLU())]
        self.network = nn.Sequential(*hidden, nn.Linear(16, 1))
        for layer in self.network:
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        self.network_rate = network_rate

    def forward(self, items: Tensor) -> Tensor:
        """Return the logits, float32[B]."""
        rows = self.items(items)
        users = self.user.weight.expand(len(rows), -1)
        logits: Tensor = self.network(torch.cat((users, rows), dim=1))
        return logits.squeeze(1)

    def groups(self, rate: float, decay: float, batch: int) -> list[dict[str, object]]:
        """Add the network's step."""
        network = {"params": self.network.parameters(), "lr": rate * self.network_rate / batch}
        return [*super().groups(rate, decay, batch), network]


class Peer:
    """A federation in PyTorch that starts where ``simulation`` starts."""

    def __init__(self, simulation: Simulation, by_loader: bool) -> None:
        self.config, self.model, self.by_loader = simulation.config, simulation.model, by_loader
        silo, n_items = simulation.silo, simulation.interactions.n_items
        rate = getattr(self.model, "network_rate", None)
        shape = n_items, self.config.dim
        self.net = MF(*shape) if rate is None else NCF(*shape, rate)
        self.users = torch.tensor(silo.vectors)
        self.shared = {k: v.clone() for k, v in self.net.state_dict().items() if k != USER}
        self.shared[ITEMS] = torch.tensor(simulation.server.items)
        pieces = np.split(silo.items.astype(np.int64), silo.indptr[1:-1])
        self.liked = [torch.from_numpy(piece) for piece in pieces]
        everything = np.arange(n_items)
        self.unseen = [torch.from_numpy(np.setdiff1d(everything, piece)) for piece in pieces]
        self.loss = nn.BCEWithLogitsLoss(reduction="sum")

    def round(self, cohort: NDArray[np.int64], round_: int) -> None:
        """Train the clients ``cohort`` and average what they learnt."""
        rate = self.model.rate_at(round_, self.config.rounds)
        total = {name: torch.zeros_like(value) for name, value in self.shared.items()}
        count = torch.zeros(len(self.shared[ITEMS]))
        for client in cohort.tolist():
            delta = self.train(client, rate)
            for name, change in delta.items():
                total[name] += change
            count += delta[ITEMS].any(dim=1)
        trained = count > 0
        total[ITEMS] /= count.clamp(min=1)[:, None]
        total[ITEMS][trained] -= rate * self.model.weight_decay * self.shared[ITEMS][trained]
        for name, change in total.items():
            self.shared[name] += change if name == ITEMS else change / len(cohort)

    def train(self, client: int, rate: float) -> dict[str, Tensor]:
        """Train one client; return what its shared parameters changed by."""
        config, net = self.config, self.net
        net.load_state_dict({**self.shared, USER: self.users[client : client + 1]})
        optimiser = torch.optim.SGD(net.groups(rate, self.model.weight_decay, config.batch_size))
        samples = self.samples(client)
        for _ in range(config.local_epochs):
            for items, labels in self.batches(samples):
                optimiser.zero_grad()
                self.loss(net(items), labels).backward()
                optimiser.step()
        trained = net.state_dict()
        self.users[client] = trained[USER][0]
        return {name: trained[name] - value for name, value in self.shared.items()}

    def samples(self, client: int) -> TensorDataset:
        """Return a client's items and labels for this round."""
        liked, unseen = self.liked[client], self.unseen[client]
        drawn = unseen[torch.randint(len(unseen), (len(liked) * self.config.negatives,))]
        labels = torch.cat((torch.ones(len(liked)), torch.zeros(len(drawn))))
        return TensorDataset(torch.cat((liked, drawn)), labels)

    def batches(self, samples: TensorDataset) -> Batches:
        """Return one epoch in shuffled batches."""
        if self.by_loader:
            return DataLoader(samples, self.config.batch_size, shuffle=True)
        order = torch.randperm(len(samples))
        shuffled = (tensor[order] for tensor in samples.tensors)
        return zip(*(torch.split(t, self.config.batch_size) for t in shuffled), strict=True)

    @torch.no_grad()
    def quality(self, evaluation: Evaluation) -> dict[str, float]:
        """Return HR@10 and NDCG@10 against the sampled negatives, as fedras does."""
        candidates = np.column_stack((evaluation.held_out, evaluation.negatives)).astype(np.int64)
        scores = []
        for user, some in zip(evaluation.users.tolist(), candidates, strict=True):
            self.net.load_state_dict({**self.shared, USER: self.users[user : user + 1]})
            scores.append(self.net(torch.from_numpy(some.clip(min=0))).numpy())
        return metrics.summary(metrics.sampled_ranks(np.stack(scores), evaluation.negatives))


def simulate(**given: object) -> Simulation:
    """Return fedras on MovieLens-100K or, where it is not to be had, on generated data."""
    try:
        return Simulation(make_config(COMMON | {"dataset": "ml-100k"} | given))
    except DataError:
        return Simulation(make_config(COMMON | GENERATED | given))


def compare(model: str) -> Result:
    """Time rounds of the peers and of fedras in turn."""
    simulation = simulate(model=model)
    for _ in range(WARM):
        simulation.step()
    peers = {"DataLoader": Peer(simulation, True), "cut tensor": Peer(simulation, False)}
    threads = {name: fastest_threads(peer, simulation) for name, peer in peers.items()}
    times: dict[str, list[float]] = {name: [] for name in ("fedras", *peers)}
    ratios: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(REPEATS[model]):
        for name, peer in peers.items():
            torch.set_num_threads(threads[name])
            work = partial(peer.round, simulation.server.select(), simulation.round)
            times[name].append(seconds(work))
            own = [seconds(simulation.step) for _ in range(ROUNDS)]
            times["fedras"] += own
            ratios[name].append(times[name][-1] / float(np.mean(own)))
    clients = len(simulation.server.select())
    return {
        "data": simulation.interactions.name,
        "clients": clients,
        "repeats": REPEATS[model],
        "threads": threads,
        "milliseconds": {name: quartiles([1e3 * t for t in own]) for name, own in times.items()},
        "clients_per_second": {name: clients / np.median(own) for name, own in times.items()},
        "faster": {name: quartiles(own) for name, own in ratios.items()},
    }


def fastest_threads(peer: Peer, simulation: Simulation) -> int:
    """Return the number of threads, one or two, with which the peer is faster."""
    cohort = simulation.server.select()
    taken = {}
    for threads in (1, 2):
        torch.set_num_threads(threads)
        taken[threads] = min(seconds(lambda: peer.round(cohort, 0)) for _ in range(3))
    return min(taken, key=lambda threads: taken[threads])


def check(model: str) -> Result:
    """Train both for some rounds and return how well they rank the validation item."""
    simulation = simulate(model=model, rounds=CHECKED, validation=True)
    evaluation = Evaluation(simulation.interactions, simulation.split, 99)
    peers = {"DataLoader": Peer(simulation, True), "cut tensor": Peer(simulation, False)}
    torch.set_num_threads(1)
    for _ in range(CHECKED):
        for peer in peers.values():
            peer.round(simulation.server.select(), simulation.round)
        simulation.step()
    silo = simulation.silo
    held = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    ours = evaluation.sampled(simulation.model, held)
    return {"fedras": ours} | {name: peer.quality(evaluation) for name, peer in peers.items()}


def page(result: Result) -> str:
    """Return the section of the documentation."""
    data = result["mf"]["data"]
    lines = [
        wrapped(
            f"Rounds of {result['mf']['clients']} clients on `{data}`, d = 32;",
            f"{described(result['machine'])}. Medians, and quartiles in brackets; *faster* is how",
            "many rounds fedras does, all bytes included, in the time of the peer's round before.",
        ),
        "",
        "| model | | threads | ms a round | clients/s | faster |",
        "|---|---|---|---|---|---|",
    ]
    for model in REPEATS:
        own = result[model]
        for name, (low, middle, high) in own["milliseconds"].items():
            threads = own["threads"].get(name, result["machine"]["processors"])
            factor = "{1:.1f} ({0:.1f} to {2:.1f})".format(*own["faster"].get(name, [1, 1, 1]))
            who = name if name == "fedras" else f"PyTorch, {name}"
            lines.append(
                f"| {model} | {who} | {threads} | {middle:.1f} ({low:.1f} to {high:.1f}) "
                f"| {own['clients_per_second'][name]:,.0f} | {'' if name == 'fedras' else factor} |"
            )
    told = [
        f"{model}: " + ", ".join(f"{name} {q['hr@10']:.3f}" for name, q in quality.items())
        for model, quality in result.get("check", {}).items()
    ]
    if told:
        lines += [
            "",
            wrapped(f"HR@10 on the validation item after {CHECKED} rounds: {'; '.join(told)}."),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print JSON, keep it, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="also compare what both learn")
    checked = parser.parse_args().check
    torch.manual_seed(0)
    # PyTorch brings a second OpenMP; beside it Numba's waits busily for threads without a core.
    numba_config.THREADING_LAYER = "workqueue"
    set_threads(None)
    result: Result = {"machine": machine("torch")} | {model: compare(model) for model in REPEATS}
    if checked:
        result["check"] = {model: check(model) for model in REPEATS}
    keep("round", result)
    replace_section(PAGE, "round", page(result))


if __name__ == "__main__":
    main()

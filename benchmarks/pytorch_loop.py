"""The loop in PyTorch that trains one client after another: the peer of `round.py`.

`Published` does what published code does, such as that of PFedRec (Zhang et al., IJCAI 2023, its
repository's ``engine.py`` and ``data.py``): each client gets a deep copy of the model and of all
parameters, a `Dataset` of (user, item, label) that hands out one sample at a time through a
`DataLoader`, `SGD`, and leaves a deep copy of what it trained with itself and another one with the
server; negatives are drawn into Python lists once a round. Left out is what only that code does:
it draws for all clients, also those that do not take part, and computes each batch twice.

`Peer` is the same without all that need not be: one network and one table of users for all clients,
negatives from lists made beforehand, with the `DataLoader` or with a shuffled tensor cut into
batches instead.

None of them compresses or serialises anything. They share a process, which `prepare` begins.
"""

import copy
import random
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
import torch
from measure import seconds
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from fedras.arrays import Int64s
from fedras.config import Config
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.federation.simulator import Simulation

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

    def round(self, cohort: Int64s, round_: int) -> None:
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


class Triples(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """A client's samples: user, item, label."""

    def __init__(self, users: list[int], items: list[int], labels: list[float]) -> None:
        self.users, self.items = torch.LongTensor(users), torch.LongTensor(items)
        self.labels = torch.FloatTensor(labels)

    def __len__(self) -> int:
        return len(self.users)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        return self.users[index], self.items[index], self.labels[index]


class Published(Peer):
    """The federation as published code has it."""

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation, True)
        self.positives = [own.tolist() for own in self.liked]
        self.negatives = [own.tolist() for own in self.unseen]
        self.kept: dict[int, dict[str, Tensor]] = {}

    def train(self, client: int, rate: float) -> dict[str, Tensor]:
        """Train one client; return what its shared parameters changed by."""
        config, net = self.config, copy.deepcopy(self.net)
        state = copy.deepcopy(net.state_dict()) | copy.deepcopy(self.shared)
        net.load_state_dict(state | {USER: self.users[client : client + 1].clone()})
        optimiser = torch.optim.SGD(net.groups(rate, self.model.weight_decay, config.batch_size))
        loader = DataLoader(self.triples(client), config.batch_size, shuffle=True)
        total = 0.0
        for _ in range(config.local_epochs):
            for _, items, labels in loader:
                optimiser.zero_grad()
                loss = self.loss(net(items), labels)
                loss.backward()
                optimiser.step()
                total += loss.item()  # only told, but it costs
        self.kept[client] = copy.deepcopy(net.state_dict())
        self.users[client] = self.kept[client][USER][0]
        upload = copy.deepcopy(self.kept[client])
        return {name: upload[name] - value for name, value in self.shared.items()}

    def triples(self, client: int) -> Triples:
        """Return a client's samples for this round."""
        unseen, wanted = self.negatives[client], self.config.negatives
        items, labels = list[int](), list[float]()
        for liked in self.positives[client]:
            items.append(liked)
            labels.append(1.0)
            for other in random.sample(unseen, wanted):
                items.append(other)
                labels.append(0.0)
        return Triples([client] * len(items), items, labels)


_peers: dict[str, Peer] = {}
_threads: dict[str, int] = {}


def _begin(simulation: Simulation) -> None:
    """Make the peers, all where ``simulation`` is now."""
    torch.manual_seed(0)
    random.seed(0)
    _peers["published"] = Published(simulation)
    _peers["DataLoader"] = Peer(simulation, True)
    _peers["cut tensor"] = Peer(simulation, False)


def prepare(config: Config, rounds: int) -> dict[str, int]:
    """Make the peers, as they are after so many rounds of fedras.

    Returns the number of threads with which each is faster, one or two.
    """
    simulation = Simulation(config)
    for _ in range(rounds):
        simulation.step()
    _begin(simulation)
    cohort = simulation.server.select()
    for name in _peers:
        taken = {}
        for threads in (1, 2):
            _threads[name] = threads
            taken[threads] = min(timed(name, cohort, rounds) for _ in range(3))
        _threads[name] = min(taken, key=lambda threads: taken[threads])
    return _threads


def timed(name: str, cohort: Int64s, round_: int) -> float:
    """Return how many seconds a peer's round takes."""
    torch.set_num_threads(_threads[name])
    return seconds(lambda: _peers[name].round(cohort, round_))


def check(config: Config) -> dict[str, dict[str, float]]:
    """Train fedras and the peers for all rounds; return how well they rank the validation item."""
    simulation = Simulation(config)
    evaluation = Evaluation(simulation.interactions, simulation.split, 99)
    _begin(simulation)
    torch.set_num_threads(1)
    for _ in range(config.rounds):
        for peer in _peers.values():
            peer.round(simulation.server.select(), simulation.round)
        simulation.step()
    silo = simulation.silo
    held = Ranked(silo.vectors, silo.replicas, silo.scoring, silo.stream)
    ours = evaluation.sampled(simulation.model, held)
    return {"fedras": ours} | {name: peer.quality(evaluation) for name, peer in _peers.items()}

"""Neural collaborative filtering written down plainly, in float64."""

from dataclasses import dataclass, field

import numpy as np

from fedras.arrays import Float64s, Int32s
from fedras.core.training import draw_samples, shuffle

Array = Float64s
UNITS = (64, 32, 16, 1)


def unpack(network: Array, dim: int) -> list[tuple[Array, Array]]:
    """The weights float64[outputs, inputs] and the biases of each layer of a flat network."""
    halves = network[: 2 * UNITS[0] * dim].reshape(2, UNITS[0], dim)
    weights, start = np.concatenate(halves, axis=1), halves.size
    layers = []
    for units, following in zip(UNITS, (*UNITS[1:], 0), strict=True):
        layers.append((weights, network[start : start + units]))
        start += units
        weights = network[start : start + units * following].reshape(following, units)
        start += weights.size
    assert start == len(network)
    return layers


def pack(layers: list[tuple[Array, Array]], dim: int) -> Array:
    """Do the reverse of `unpack`."""
    (weights, bias), *upper = layers
    parts = [weights[:, :dim], weights[:, dim:], bias, *(part for layer in upper for part in layer)]
    return np.concatenate([part.ravel() for part in parts])


def logits(p: Array, items: Array, network: Array) -> Array:
    """The scores float64[n] of the items float64[n, d] for the user float64[d]."""
    x = np.concatenate((np.broadcast_to(p, items.shape), items), axis=1)
    *hidden, (weights, bias) = unpack(network, len(p))
    for w, b in hidden:
        x = np.maximum(x @ w.T + b, 0)
    return (x @ weights.T + bias)[:, 0]


def loss(p: Array, items: Array, network: Array, labels: Array) -> float:
    """The sum of the binary cross-entropies."""
    scores = logits(p, items, network)
    return float(np.sum(np.logaddexp(0, scores) - labels * scores))


@dataclass
class Client:
    """One client, and the gradient descent that the core compiles.

    Attributes
    ----------
    vector, items, network
        float64[d], float64[N, d] and float64[P], trained in place.
    closest
        How close to 0 the input of a ReLU came. Where that is less than the rounding of float32,
        the compiled unit may be on while this one is off.
    """

    vector: Array
    items: Array
    network: Array
    closest: float = field(default=np.inf)

    def train(
        self,
        liked: Int32s,
        key: np.uint64,
        epochs: int,
        batch: int,
        negatives: int,
        rates: tuple[float, float, float],
    ) -> list[int]:
        """Train with the rates of the vectors, their decay and the network; return the rows."""
        rows, samples, counter = drawn(liked, len(self.items), negatives * epochs, key)
        share = (len(samples) - len(liked)) // epochs
        for epoch in range(epochs):
            negative = len(liked) + epoch * share
            order = np.r_[: len(liked), negative : negative + share].astype(np.int64)
            counter = np.uint64(shuffle(order, key, counter))
            for start in range(0, len(order), batch):
                chosen = order[start : start + batch]
                self._step([(samples[i], int(i < len(liked))) for i in chosen], *rates)
        return rows

    def _step(
        self, batch: list[tuple[int, int]], rate: float, decay: float, network_rate: float
    ) -> None:
        by_user = np.zeros_like(self.vector)
        by_network = np.zeros_like(self.network)
        by_item: dict[int, list[Array]] = {}
        for item, label in batch:
            by_input, by_parameters = self._gradient(self.items[item], label)
            by_user += by_input[: len(self.vector)]
            by_item.setdefault(item, []).append(by_input[len(self.vector) :])
            by_network += by_parameters
        keep = 1 - rate * decay
        for item, gradients in by_item.items():
            self.items[item] = keep * self.items[item] - rate * np.mean(gradients, axis=0)
        self.vector[:] = keep * self.vector - rate * by_user / len(batch)
        self.network -= network_rate * by_network / len(batch)

    def _gradient(self, item: Array, label: int) -> tuple[Array, Array]:
        """The derivatives of one sample's loss: by [p, q], and by the network."""
        layers = unpack(self.network, len(self.vector))
        inputs = [np.concatenate((self.vector, item))]
        for weights, bias in layers:
            sums = weights @ inputs[-1] + bias
            if len(sums) > 1:
                self.closest = min(self.closest, *np.abs(sums[sums != 0]))
                sums = np.maximum(sums, 0)
            inputs.append(sums)
        delta = 1 / (1 + np.exp(-inputs.pop())) - label
        by_layers: list[tuple[Array, Array]] = []
        for layer in (3, 2, 1, 0):
            by_layers.insert(0, (np.outer(delta, inputs[layer]), delta))
            delta = layers[layer][0].T @ delta
            if layer:
                delta = delta * (inputs[layer] > 0)
        return delta, pack(by_layers, len(self.vector))


def drawn(
    liked: Int32s, n_items: int, negatives: int, key: np.uint64
) -> tuple[list[int], list[int], np.uint64]:
    """The rows that are touched, the item of each sample, positives first, and the counter."""
    positions, rows, used = draw_samples(liked, negatives, key, n_items)
    return rows.tolist(), rows[positions].tolist(), np.uint64(used)

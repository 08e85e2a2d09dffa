"""Nodes and their server in one process, joined by a link that does as it is told."""

from pathlib import Path
from typing import Any

from fedras.components import complete
from fedras.config import Config
from fedras.data import Interactions
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.link import Link
from fedras.nodes.node.node import Node
from fedras.nodes.node.own_data import Source
from fedras.nodes.server.admission import EVERYBODY, Admission
from fedras.nodes.server.coordinator import Coordinator
from fedras.nodes.server.exchange import Patience
from fedras.nodes.server.setup import new_coordinator
from fedras.nodes.split import CATALOGUE, DATA, write_nodes
from helpers.small_federation import DIM, interactions

RUN = b"this run"
PATIENCE = Patience(reply=10, start=50, alone=100)


def config(**options: object) -> Config:
    """Return a configuration as `small_federation.simulation` has it."""
    plain: dict[str, Any] = {
        "dim": DIM,
        "rounds": 6,
        "client_fraction": 0.25,
        "compression_rate": 0.8,
    }
    return complete(Config.model_validate(plain | options))


def make_nodes(count: int, folder: Path, people: Interactions | None = None) -> dict[int, Node]:
    """Return nodes by address, each with its part of the data."""
    places = write_nodes(people or interactions(), count, folder)
    return {
        number + 10: Node(place, Source(str(place / DATA)), folder / CATALOGUE)
        for number, place in enumerate(places)
    }


def coordinator(
    link: Link, given: Config, run: bytes = RUN, admission: Admission = EVERYBODY
) -> Coordinator:
    return new_coordinator(given, Catalogue.of(interactions()), link, run, PATIENCE, admission)


class Perfect:
    """A link that loses nothing. Time passes when it is waited for."""

    def __init__(self, nodes: dict[int, Node]) -> None:
        self.parts, self.time = nodes, 0.0
        self.replies: list[tuple[int, bytes | None]] = []

    def nodes(self) -> set[int]:
        return set(self.parts)

    def send(self, messages: dict[int, bytes], seconds: float) -> None:
        self.replies += [(a, self.parts[a].answer(data)) for a, data in messages.items()]

    def receive(self) -> list[tuple[int, bytes | None]]:
        come, self.replies = self.replies, []
        return come

    def wait(self) -> None:
        self.time += 1

    def now(self) -> float:
        return self.time

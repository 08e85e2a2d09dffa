"""What a node remembers between messages, in one file that is whole at any time."""

import secrets
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from fedras.arrays import Arrays, Int64s, UInt64s
from fedras.errors import FedrasError
from fedras.federation.client import Silo
from fedras.federation.residuals import Residuals
from fedras.federation.state import State
from fedras.federation.wire import Upload
from fedras.models.context import OFF, Context
from fedras.nodes.messages import NO_TAG, NODE_BYTES
from fedras.run.checkpoint import CHECKPOINT, read_checkpoint, write_checkpoint


def _no_clients() -> UInt64s:
    return np.zeros(0, np.uint64)


@dataclass
class NodeState:
    """A node between two messages.

    Attributes
    ----------
    token
        What it calls itself.
    run, config
        The run that it takes part in, by the server's token, and the run's options as JSON.
    version, tag
        Of its replicas.
    clients
        uint64[M], whose private state ``arrays`` holds.
    trained
        The last cohort that it trained, as asked (`messages.Work.cohort`), at ``version``.
    uploads
        What that cohort answered: asked again, it answers the same and trains no further.
    context
        Of its users, as the server last said.
    arrays
        The silo's state; empty before the first round.
    """

    token: bytes = field(default_factory=lambda: secrets.token_bytes(NODE_BYTES))
    run: bytes = b""
    config: str = ""
    version: int = 0
    tag: bytes = NO_TAG
    clients: UInt64s = field(default_factory=_no_clients)
    trained: bytes = b""
    uploads: list[Upload] = field(default_factory=list)
    context: Context = OFF
    arrays: Arrays = field(default_factory=dict)

    def keep(self, silo: Silo) -> None:
        """Take over a silo's state; clients that it does not have keep theirs."""
        gone = np.flatnonzero(~np.isin(self.clients, silo.clients))
        residual = silo.residuals.state(silo.config.dim)
        owner = silo.clients[residual.pop("residual_client")]
        vectors, stream = silo.vectors, silo.stream
        if len(gone):
            vectors = np.concatenate((vectors, self.arrays["vectors"][gone]))
            stream = np.concatenate((stream, self.arrays["stream"][gone]))
            old = np.isin(self.arrays["residual_owner"], self.clients[gone])
            owner = np.concatenate((owner, self.arrays["residual_owner"][old]))
            for name, values in residual.items():
                residual[name] = np.concatenate((values, self.arrays[name][old]))
        self.clients = np.concatenate((silo.clients, self.clients[gone]))
        self.arrays = {
            "replicas": silo.replicas,
            "scoring": silo.scoring,
            "budgets": silo.budgets,
            "vectors": vectors,
            "stream": stream,
            "residual_owner": owner,
            **residual,
        }

    def recall(self, silo: Silo) -> None:
        """Give a new silo what is remembered of it: its replicas, and its clients' private state.

        The silo's budgets must be those of ``arrays``; `budgets` returns them.

        Raises
        ------
        FedrasError
            If it is the memory of another silo.
        """
        silo.version, silo.context = self.version, self.context
        if not self.arrays:
            return
        try:
            self._recall(silo, State(self.arrays, {}))
        except ValueError as error:
            raise FedrasError(f"what the node remembers is not of this run: {error}") from None

    def _recall(self, silo: Silo, kept: State) -> None:
        shape, clients = silo.replicas.shape[1:], len(self.clients)
        replicas = kept.array("replicas", np.float32, (len(self.budgets), *shape))
        scoring = kept.array("scoring", np.float32, silo.scoring.shape)
        vectors = kept.array("vectors", np.float32, (clients, shape[1]), finite=False)
        stream = kept.array("stream", np.int64, (clients,))
        owners = kept.column("residual_owner", np.uint64).tolist()
        known = np.isin(silo.clients, self.clients)
        order = np.argsort(self.clients)
        place = order[np.searchsorted(self.clients, silo.clients[known], sorter=order)]
        silo.replicas, silo.scoring = replicas, scoring
        silo.vectors[known], silo.stream[known] = vectors[place], stream[place]
        position = {client: i for i, client in enumerate(silo.clients.tolist())}
        owner = np.array([position.get(client, -1) for client in owners], np.int64)
        there = owner >= 0
        residual = {
            "residual_client": owner[there],
            "residual_row": self.arrays["residual_row"][there],
            "residual": self.arrays["residual"][there],
        }
        silo.residuals = Residuals.restored(State(residual, {}), len(silo.clients), shape)

    @property
    def budgets(self) -> Int64s:
        """int64[S], the streams that it holds replicas of; none before the first round."""
        return self.arrays.get("budgets", np.zeros(0, np.int64))


def remember(folder: Path) -> NodeState:
    """Return what the folder holds, or a new memory.

    Raises
    ------
    FedrasError
        If the file is damaged or of another version.
    """
    checkpoint = read_checkpoint(folder)
    if checkpoint is None:
        return NodeState()
    arrays, values = checkpoint
    try:
        sent = arrays.pop("uploads").tobytes()
        ends = np.cumsum([0, *values["uploads"]]).tolist()
        parts = [sent[start:end] for start, end in pairwise(ends)]
        return NodeState(
            bytes.fromhex(values["token"]),
            bytes.fromhex(values["run"]),
            values["config"],
            values["version"],
            bytes.fromhex(values["tag"]),
            arrays.pop("clients"),
            arrays.pop("trained").tobytes(),
            [Upload(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)],
            Context.read(values["context"]),
            arrays,
        )
    except (KeyError, TypeError, ValueError):
        raise FedrasError(
            f"{folder / CHECKPOINT} is no memory of a node of this version of fedras"
        ) from None


def store(memory: NodeState, folder: Path, source: dict[str, Any]) -> None:
    """Replace what the folder holds; on failure the former memory stays.

    Parameters
    ----------
    memory, folder
        What to keep, and where.
    source
        Where the node's data is, so that it can recommend on its own.

    Raises
    ------
    FedrasError
        If it cannot be written.
    """
    parts = [part for upload in memory.uploads for part in (upload.items, upload.scoring)]
    arrays: Arrays = {
        **memory.arrays,
        "clients": memory.clients,
        "trained": np.frombuffer(memory.trained, np.uint8),
        "uploads": np.frombuffer(b"".join(parts), np.uint8),
    }
    values = {
        "token": memory.token.hex(),
        "run": memory.run.hex(),
        "config": memory.config,
        "version": memory.version,
        "tag": memory.tag.hex(),
        "uploads": [len(part) for part in parts],
        "context": list(memory.context),
        "source": source,
    }
    write_checkpoint(folder, State(arrays, values), private=True)

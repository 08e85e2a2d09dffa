"""What the server sees of users' uploads, at the beginning of a run and at its end."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace

import numpy as np

from fedras.arrays import Bools, Float32s, Int64s
from fedras.audit.evidence import KINDS, Seen, evidence
from fedras.codecs import Payload
from fedras.codecs.codec import decode
from fedras.config import Config
from fedras.data import Interactions
from fedras.federation.client import Silo
from fedras.federation.simulator import Simulation
from fedras.federation.summing import of_each
from fedras.federation.wire import Broadcast, Upload
from fedras.parallel import one_blas_thread
from fedras.rng import Purpose, keys
from fedras.run.run import Run

_BLOCK = 64
_MOST_SEEN = 0.9
_PATIENCE = 2


@dataclass(frozen=True, eq=False)
class Case:
    """What is known of some users after so many uploads of each.

    Attributes
    ----------
    evidence
        float32[U, N, `KINDS`], added up over the uploads.
    own
        bool[U, N], the items that each user trains on: the truth.
    """

    evidence: Float32s
    own: Bools


@dataclass
class Watch:
    """Keeps what is seen of some users after certain numbers of uploads.

    Attributes
    ----------
    users
        int64[U], by their places in the silo.
    uploads
        The numbers of uploads to stop at, ascending.
    items
        The number of items, N.
    """

    users: Int64s
    uploads: Sequence[int]
    items: int
    counts: dict[int, int] = field(init=False)
    _sums: dict[int, Float32s] = field(init=False, default_factory=dict)
    _kept: dict[int, list[tuple[Float32s, Bools]]] = field(init=False)

    def __post_init__(self) -> None:
        self.counts = dict.fromkeys(self.users.tolist(), 0)
        self._kept = {k: [] for k in self.uploads}

    @property
    def done(self) -> float:
        """The share of the users of whom there are as many uploads as are wanted."""
        return sum(n >= self.uploads[-1] for n in self.counts.values()) / len(self.counts)

    def saw(self, silo: Silo, cohort: Int64s, uploads: Sequence[Upload | None]) -> None:
        """Take the uploads of a cohort, int64[C], that its clients have just sent."""
        biased, round_, most = silo.model.has_bias, silo.version, self.uploads[-1]
        training = keys(silo.config.seed, Purpose.TRAINING, round_, silo.clients[cohort])
        if silo.node is not None:
            uploads = of_each(uploads, silo.node[cohort])
        for client, key, upload in zip(cohort.tolist(), training.tolist(), uploads, strict=True):
            if upload is None or self.counts.get(client, most) >= most:
                continue
            replica = silo.replicas[silo.stream[client]]
            update = decode(Payload.from_bytes(upload.items, replica.shape, round_), replica)
            if silo.method.absolute_uplink:
                update = update.with_values(update.values - replica[update.rows])
            own = np.zeros(self.items, np.bool_)
            own[silo.items[silo.indptr[client] : silo.indptr[client + 1]]] = True
            if own.any():
                self.add(client, Seen(update, replica, key, biased), own)

    def add(self, client: int, seen: Seen, own: Bools) -> None:
        """Take one upload of a user whose items are ``own``, bool[N]."""
        with one_blas_thread:
            found = evidence(seen)
        before = self._sums.get(client)
        self._sums[client] = found if before is None else before + found
        self.counts[client] += 1
        if self.counts[client] in self._kept:
            self._kept[self.counts[client]].append((self._sums[client], own))

    def case(self, uploads: int) -> Case:
        """Return what is known after so many uploads, of the users who sent as many."""
        kept = self._kept[uploads]
        shape = len(kept), self.items
        return Case(
            np.array([found for found, _ in kept], np.float32).reshape(*shape, len(KINDS)),
            np.array([own for _, own in kept], np.bool_).reshape(shape),
        )


def at_the_beginning(config: Config, interactions: Interactions, watch: Watch) -> int:
    """Let a watch see the first uploads of a run, which is repeated; return how many rounds.

    It ends when nine users in ten have sent as many uploads as are wanted, and at the latest after
    twice as many rounds as that takes on average.
    """
    simulation = Simulation(config.model_copy(update={"baselines": False}), interactions)
    deliver = simulation.transport

    def watched(broadcast: Broadcast, cohort: Int64s) -> Sequence[Upload | None]:
        uploads = deliver(broadcast, cohort)
        watch.saw(simulation.silo, cohort, uploads)
        return uploads

    simulation.transport = watched
    most = _PATIENCE * watch.uploads[-1] / simulation.config.client_fraction
    run = Run(simulation)
    for result in run.rounds():
        if watch.done >= _MOST_SEEN or result.round >= most:
            break
    return simulation.round


def at_the_end(silo: Silo, watch: Watch) -> None:
    """Let a watch see what its users would send next, all in the same rounds.

    Each trains on as many times as uploads are wanted, on the item matrix as it is; nothing of that
    comes back to ``silo``.
    """
    config = silo.config
    last = config.rounds - silo.skipped - watch.uploads[-1]
    first = max(0, min(silo.version, last))
    alone = replace(silo, vectors=silo.vectors.copy(), residuals=deepcopy(silo.residuals))
    for round_ in range(first, first + watch.uploads[-1]):
        alone.version = round_
        for start in range(0, len(watch.users), _BLOCK):
            cohort = watch.users[start : start + _BLOCK]
            watch.saw(alone, cohort, alone.train(cohort))

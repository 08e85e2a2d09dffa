"""What a run adds up to, round by round and at its end."""

import platform
import sys
from collections import Counter
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np

from fedras.codecs import Payload, RowUpdate
from fedras.codecs.plain import Plain
from fedras.config import Config
from fedras.federation import privacy, scoring
from fedras.federation.clock import Seconds, add_to
from fedras.federation.federation import Federation, Quality
from fedras.federation.round import RoundResult
from fedras.federation.server import Server
from fedras.federation.wire import Traffic
from fedras.run import course
from fedras.run.beside import with_baselines
from fedras.run.bill import bill
from fedras.version import __version__

_DIRECTIONS = ("uplink", "downlink", "fetched")
_COUNTERS = ("cluster_sizes", "cosines", "sent_by", "received_by")  # newer than the rest


@dataclass
class Totals:
    """Sums over the rounds of a run.

    Attributes
    ----------
    rounds
        How many.
    uplink, downlink
        All that cohorts sent, and that all clients were sent.
    fetched
        All that cohorts downloaded if only participants do (`federation.catchup`).
    actions, cosine, spoken
        Sums of what each round reports (`RoundResult`), and in how many the server sent an update.
    dropped, clipped
        Uploads that were not believed, by reason, and rows that were shortened.
    cluster_sizes, cosines
        How the rows of updates were spread (`federation.spread`).
    sent_by, received_by
        Bytes of all clients of a budget, which is the key as text.
    seconds
        Time spent in rounds and their evaluation.
    phases
        The same by phase.
    """

    rounds: int = 0
    uplink: Traffic = field(default_factory=Traffic)
    downlink: Traffic = field(default_factory=Traffic)
    fetched: Traffic = field(default_factory=Traffic)
    actions: float = 0.0
    cosine: float = 0.0
    spoken: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    clipped: int = 0
    cluster_sizes: Counter[str] = field(default_factory=Counter)
    cosines: Counter[str] = field(default_factory=Counter)
    sent_by: Counter[str] = field(default_factory=Counter)
    received_by: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    phases: Seconds = field(default_factory=dict)

    def add(self, result: RoundResult) -> None:
        """Add a round; whoever measures its time adds that."""
        self.rounds += 1
        self.uplink.merge(result.uplink)
        self.downlink.merge(result.downlink)
        self.fetched.merge(result.fetched)
        self.actions += result.actions
        self.cosine += result.cosine
        self.spoken += result.downlink.sent.total() > 0
        self.dropped.update(result.dropped)
        self.clipped += result.clipped
        self.cluster_sizes.update(result.cluster_sizes)
        self.cosines.update(result.cosines)
        self.sent_by.update(result.sent)
        self.received_by.update(result.received)
        add_to(self.phases, result.seconds)

    def means(self) -> dict[str, float]:
        """Return bytes per client and round, and actions and cosine of what the server said."""
        spoken = max(1, self.spoken)
        return {
            "uplink_bytes_per_client_round": self.uplink.per_client,
            "downlink_bytes_per_client_round": self.downlink.per_client,
            "fetched_bytes_per_participation": self.fetched.per_client,
            "avg_actions": self.actions / spoken,
            "avg_cosine": self.cosine / spoken,
        }

    def paid(self, users: int) -> dict[str, dict[str, float]]:
        """Return the bytes that one of so many users paid so far on average, by what they are.

        ``received`` if users download only to take part, ``heard`` if all hear every round.
        """
        directions = {"sent": self.uplink, "received": self.fetched, "heard": self.downlink}
        return {
            f"{name}_per_user": {part: n / max(1, users) for part, n in sorted(each.sent.items())}
            for name, each in directions.items()
        }

    def spread(self) -> dict[str, dict[str, int]]:
        """Return how the rows of updates were spread over clusters and by cosine, so far."""
        sizes, cosines = self.cluster_sizes, self.cosines
        return {
            "cluster_sizes": {name: sizes[name] for name in sorted(sizes, key=int)},
            "cosines": {name: cosines[name] for name in sorted(cosines, key=float)},
        }

    def refused(self) -> dict[str, Any]:
        """Return how many uploads were dropped, by reason, and how many rows were shortened."""
        return {"dropped_uploads": dict(sorted(self.dropped.items())), "clipped_rows": self.clipped}

    def rates(self, uncompressed: Traffic, share: float) -> dict[str, float]:
        """Return what was saved against clients that exchange the float32 matrix.

        The ``compression_rate`` counts row vectors only, as the paper does, the
        ``wire_compression_rate`` every byte; both average the two directions and presume that
        every client hears every round. The ``participation_compression_rate`` counts every byte
        of clients that download only when they take part, and then all that they missed.

        Parameters
        ----------
        uncompressed
            What a client pays in one direction and round without compression.
        share
            Rounds times clients a round, as a share of those that were asked for.
        """
        up, down, fetched = self.uplink, self.downlink, self.fetched
        vectors = up.vectors_per_client + down.vectors_per_client
        whole = 2 * uncompressed.per_client
        return {
            "compression_rate": 1 - share * vectors / (2 * uncompressed.vectors_per_client),
            "wire_compression_rate": 1 - share * (up.per_client + down.per_client) / whole,
            "participation_compression_rate": 1
            - share * (up.per_client + fetched.per_client) / whole,
        }

    def bill(self, users: int, uncompressed: Traffic, shared: bool) -> dict[str, Any]:
        """Return what one of so many users pays in all rounds (`run.bill`)."""
        up, down, heard = self.uplink, self.fetched, self.downlink
        return bill(users, self.rounds, up, down, heard, uncompressed, shared)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return vars(self) | {name: vars(getattr(self, name)) for name in _DIRECTIONS}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Totals":
        """Return the totals that `to_json` wrote."""
        traffic = {
            name: Traffic(values[name]["clients"], Counter(values[name]["sent"]))
            for name in _DIRECTIONS
        }
        counters = {name: Counter(values.get(name, {})) for name in _COUNTERS}
        values = {"spoken": values["rounds"]} | values
        return cls(**values | traffic | counters | {"dropped": Counter(values["dropped"])})


def summarise(federation: Federation, totals: Totals, quality: Quality) -> dict[str, Any]:
    """Return all that ``summary.json`` says of a finished run.

    Parameters
    ----------
    federation
        As it is at the end.
    totals
        Sums over the rounds.
    quality
        Of the final evaluation.
    """
    server, described = federation.server, federation.described()
    config, whole = server.config, uncompressed(federation)
    summary = {
        "dataset": described.pop("dataset"),
        "model": config.model,
        "method": config.method,
        "seed": config.seed,
        "rounds": totals.rounds,
        "ranked": "validation" if config.validation else "test",
        "metrics": quality.sampled,
        "metrics_full": quality.full,
        "server_metrics": quality.server,
        "recommended": quality.beyond,
        "schedule": course.section(config, server.schedule),
        **totals.rates(whole, share_of(federation)),
        **totals.means(),
        **totals.refused(),
        **_privacy(server, totals.rounds),
        "uncompressed_bytes_per_client_round": whole.per_client,
        "uplink_split": totals.uplink.split(),
        "downlink_split": totals.downlink.split(),
        "fetched_split": totals.fetched.split(),
        **described,
        **_evaluated(config, quality.users),
        "seconds": totals.seconds,
        "peak_memory_mb": _peak_memory(),
        "bill": totals.bill(len(server.clients), whole, config.summing_nodes > 0),
        "versions": versions(),
    }
    if not federation.given.baselines:
        return summary
    return with_baselines(summary, federation.compared())


def _evaluated(config: Config, count: int) -> dict[str, int]:
    """Return how much was ranked: as many users as items, if it is each user's last."""
    return {"users_evaluated": count} if config.split == "last" else {"items_evaluated": count}


def share_of(federation: Federation) -> float:
    """Return rounds times clients a round, as a share of those that were asked for."""
    given, config = federation.given, federation.config
    trained = config.rounds * config.client_fraction
    return trained / (given.rounds * given.client_fraction)


def uncompressed(federation: Federation) -> Traffic:
    """Return what a client pays in one direction that exchanges the float32 matrix.

    A method may train vectors of another dimension; those that were asked for count.
    """
    server = federation.server
    shape = len(server.items), federation.given.dim
    matrix = RowUpdate(np.arange(shape[0], dtype=np.int32), np.zeros(shape, np.float32), shape[0])
    data = Plain().encode(matrix, np.uint64(0)).to_bytes()
    traffic = Traffic(clients=1)
    traffic.add(data, Payload.from_bytes(data, shape))
    traffic.add_scoring(scoring.write(server.scoring, "f32", 0, np.uint64(0)))
    return traffic


def versions() -> dict[str, str]:
    """Return the versions of all that numbers may depend on."""
    return {
        "fedras": __version__,
        "python": platform.python_version(),
        "numpy": version("numpy"),
    }


def _privacy(server: Server, rounds: int) -> dict[str, Any]:
    """Return the section on differential privacy, where there is any."""
    if not server.config.dp_noise_multiplier:
        return {}
    return {"privacy": privacy.guarantee(server, rounds)}


def _peak_memory() -> float | None:
    """Return the most megabytes that this process ever held, where the system tells."""
    try:
        import resource  # noqa: PLC0415 -- Windows has none
    except ImportError:
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6

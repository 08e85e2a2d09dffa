"""A node: a silo with a folder, which answers the server's messages."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from fedras import data
from fedras.arrays import Int64s, UInt64s
from fedras.complaints import explain
from fedras.components import method_of, model_of, split_of
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.errors import FedrasError, PayloadError
from fedras.federation.client import Silo
from fedras.federation.privacy import system_normals
from fedras.federation.schedule import evaluation_of
from fedras.federation.start import new_silo
from fedras.federation.wire import NOTHING, Upload
from fedras.nodes import messages
from fedras.nodes.catalogue import read_catalogue
from fedras.nodes.messages import (
    NO_TAG,
    Done,
    Join,
    Joined,
    Refused,
    Reply,
    Request,
    Work,
    clients_digest,
)
from fedras.nodes.node.catching_up import catch_up
from fedras.nodes.node.memory import NodeState, remember, store
from fedras.nodes.node.own_data import Source
from fedras.nodes.node.ranking import contexts_of, histograms, holds_back
from fedras.whole_files import FolderLock, make_folder

_LOG = logging.getLogger(__name__)
Held = tuple[int, bytes, tuple[int, ...]]
"""Version, tag and budgets of the replicas that a node holds."""


class Node:
    """Answers messages; all that must outlive an answer is in its folder.

    Parameters
    ----------
    folder
        Where it keeps replicas and private state; made if it does not exist, for its owner alone.
    source
        Its own interactions, read anew for each message.
    catalogue
        The file of the item catalogue.
    threads
        To compute with, 0 for all.
    """

    def __init__(self, folder: Path, source: Source, catalogue: Path, threads: int = 1) -> None:
        self.folder, self.source, self.catalogue = folder, source, catalogue
        self.threads = threads

    def answer(self, message: bytes) -> bytes:
        """Return the reply to a message of the server.

        What goes wrong on the node, be it a full disk, is a `Refused`, and then its replicas are
        what they were.

        Raises
        ------
        PayloadError
            If ``message`` is none.
        """
        request = messages.parse_request(message)
        held: Held = (0, NO_TAG, ())
        set_threads(self.threads)
        try:
            with self._locked():
                memory = remember(self.folder)
                if memory.run == request.run:
                    held = _held(memory)
                reply = self._reply(request, memory, messages.digest(message))
        except (FedrasError, OSError) as error:
            reply = Refused(request.run, str(error)[:500], *held)
        return messages.to_bytes(reply)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_folder(self.folder, private=True)
        lock = FolderLock(self.folder)
        if not lock.acquire():
            raise FedrasError(f"another process answers from {self.folder}")
        try:
            yield
        finally:
            lock.release()

    def _reply(self, request: Request, memory: NodeState, asked: bytes) -> Reply:
        if isinstance(request, Join):
            return self._join(request, memory)
        if memory.run != request.run:
            return Refused(request.run, "this node has not joined the run", 0, NO_TAG)
        return self._work(request, memory, asked)

    def _join(self, request: Join, memory: NodeState) -> Joined:
        catalogue = read_catalogue(self.catalogue)
        if (request.items, request.catalogue) != (len(catalogue.items), catalogue.digest):
            raise FedrasError(f"{self.catalogue} is not the item catalogue of the run")
        if memory.run != request.run:
            parse_config(request.config)
            memory = NodeState(memory.token, request.run, request.config)
            self._store(memory)
        config = parse_config(memory.config)
        interactions, unknown = self.source.load(catalogue)
        told = data.told(interactions, split_of(interactions, config), config.eval_negatives)
        _LOG.warning("columns: %s", told.columns)
        for note in told.notes:
            _LOG.warning("%s", note)
        if unknown:
            _LOG.warning("%d interactions with items that the catalogue lacks", unknown)
        clients = data.client_keys(interactions.user_ids)
        return Joined(request.run, memory.token, messages.pack_clients(clients), *_held(memory))

    def _work(self, work: Work, memory: NodeState, asked: bytes) -> Reply:
        catalogue, config = read_catalogue(self.catalogue), parse_config(memory.config)
        interactions, _ = self.source.load(catalogue)
        held_back, contexts = holds_back(config, work), contexts_of(work)
        split = split_of(interactions, config, held_back)
        budgets = np.array(work.budgets, np.int64)
        silo = _silo(config, interactions, split, budgets, memory, work)
        if silo is None:
            return Refused(work.run, "the updates start from another version", *_held(memory))
        before = memory.version, memory.tag
        if (work.version, work.tag) != before:
            memory.trained, memory.uploads = b"", []
        memory.version, memory.tag = work.version, work.tag
        if work.evaluate != 1:  # else they are what is tried
            memory.context = silo.context = contexts[0]
        cohort = _places(work.cohort, silo.clients)
        _assign(silo, work, cohort)
        counts: tuple[int, ...] = ()
        if work.evaluate:
            evaluation = evaluation_of(interactions, config, held_back)
            counts = histograms(silo, work, evaluation, cohort, contexts)
        elif work.cohort and work.cohort != memory.trained:
            memory.uploads = _train(silo, cohort)
            memory.trained = work.cohort
        memory.keep(silo)
        self._store(memory)
        sent = memory.uploads if work.cohort and not work.evaluate else []
        return Done(
            work.run,
            asked,
            work.version,
            work.tag,
            clients_digest(silo.clients),
            tuple((upload.items, upload.scoring) for upload in sent),
            counts,
        )

    def _store(self, memory: NodeState) -> None:
        where = {"catalogue": str(self.catalogue.absolute()), **asdict(self.source)}
        store(memory, self.folder, where)


def _held(memory: NodeState) -> Held:
    return memory.version, memory.tag, tuple(memory.budgets.tolist())


def parse_config(text: str) -> Config:
    """Return the options of a run that the server sent.

    Raises
    ------
    PayloadError
        If they are none, name files, or ask for what no node can do.
    """
    try:
        config = Config.model_validate(json.loads(text))
    except ValidationError as error:
        raise PayloadError(explain(error)) from None
    except ValueError as error:
        raise PayloadError(f"the options of the run are not JSON: {error}") from None
    except RecursionError:
        raise PayloadError("the options of the run are nested too deeply; no option is") from None
    if config.data_dir is not None or config.rate_file is not None:
        raise PayloadError("the options of the run name files")
    if config.split == data.TIME:
        raise PayloadError("the options of the run split by time, which no node can")
    return config


def _silo(
    config: Config,
    interactions: data.Interactions,
    split: data.Split,
    budgets: Int64s,
    memory: NodeState,
    work: Work,
) -> Silo | None:
    """Return the silo at the version of ``work``, or None if its updates do not start here."""
    clients = data.client_keys(interactions.user_ids)
    silo = new_silo(
        config,
        model_of(config),
        method_of(config),
        interactions.n_items,
        clients,
        budgets,
        np.zeros(len(clients), np.int64),
        split.indptr,
        split.items,
    )
    same = np.array_equal(budgets, memory.budgets)
    start = silo.replicas, silo.scoring
    memory.recall(silo)
    if config.summing_nodes:
        silo.node = np.zeros(len(clients), np.int64)
    silo.skipped = work.skipped
    if not same:
        silo.stream[:] = 0
    if same and (memory.version, memory.tag) == (work.version, work.tag):
        return silo
    if work.base == 0:  # that version follows from the seed
        silo.replicas, silo.scoring = start
    elif not same or (memory.version, memory.tag) != (work.base, work.base_tag):
        return None
    catch_up(silo, work)
    return silo


def _places(cohort: bytes, clients: UInt64s) -> Int64s:
    """Return int64[C], where each client of the cohort is; -1 for one that is gone."""
    place = {client: i for i, client in enumerate(clients.tolist())}
    wanted = messages.unpack_clients(cohort).tolist()
    return np.array([place.get(client, -1) for client in wanted], np.int64)


def _assign(silo: Silo, work: Work, cohort: Int64s) -> None:
    """Note which stream each client of the cohort, int64[C], hears."""
    if len(work.budgets) == 1:
        silo.stream[:] = 0
        return
    streams = np.frombuffer(work.streams, np.uint8).astype(np.int64)
    if len(streams) != len(cohort):
        raise PayloadError(f"{len(streams)} streams for {len(cohort)} clients")
    if len(streams) and streams.max() >= len(work.budgets):
        raise PayloadError("a client is given a stream that there is not")
    silo.stream[cohort[cohort >= 0]] = streams[cohort >= 0]


def _train(silo: Silo, cohort: Int64s) -> list[Upload]:
    """Return the uploads of the cohort, int64[C]; empty ones where it says -1.

    Where nodes add up all but one are empty.

    The noise of differential privacy is the system's, and drawn anew each time: two uploads that
    shared it would tell their difference without any.
    """
    silo.noise = system_normals
    here = cohort[cohort >= 0]
    answers = iter(silo.train(here) if len(here) else [])
    return [next(answers) if place >= 0 else NOTHING for place in cohort.tolist()]

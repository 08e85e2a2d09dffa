"""What a node holds out, and what it answers when it is asked to rank that."""

import numpy as np

from fedras.arrays import Int64s
from fedras.config import Config
from fedras.errors import PayloadError
from fedras.evaluation import metrics
from fedras.evaluation.evaluation import Evaluation
from fedras.evaluation.scores import Ranked
from fedras.federation.client import Silo, held
from fedras.federation.schedule import joined, unseen, watches
from fedras.models.context import Context
from fedras.nodes.messages import Work
from fedras.nodes.node.catching_up import read_matrix


def holds_back(config: Config, work: Work) -> bool:
    """Return whether the validation item is held out of what is to be done, and not the test only.

    Raises
    ------
    PayloadError
        If the run cannot be so far, or what it is to rank has trained.
    """
    progress = work.version + work.skipped
    if progress > config.rounds:
        raise PayloadError(f"{progress} rounds of {config.rounds} are done")
    if work.evaluate == 1 and not unseen(config, progress):
        raise PayloadError("what is to be ranked has trained already")
    before = work.evaluate == 1 or (work.evaluate == 0 and not joined(config, progress))
    return before and watches(config)


def contexts_of(work: Work) -> list[Context]:
    """Return what is to be ranked in; PayloadError if that is no context."""
    try:
        return [Context.read(each) for each in work.contexts]
    except ValueError as error:
        raise PayloadError(str(error)) from None


def histograms(
    silo: Silo, work: Work, evaluation: Evaluation, cohort: Int64s, contexts: list[Context]
) -> tuple[int, ...]:
    """Return `Done.counts`, over the clients of the cohort, int64[C], that have a held-out item."""
    ranks = list(evaluation.ranks_in(silo.model, held(silo), contexts))
    if work.evaluate > 1:
        ranks = ranks[:1]
        ranks.append(evaluation.full_ranks(silo.model, held(silo)))
        shape = silo.replicas[0].shape
        matrix = read_matrix(work.matrix, (shape[0], shape[1]), work.version)
        own = matrix[None], silo.scoring, np.zeros_like(silo.stream), silo.context
        ranks.append(evaluation.sampled_ranks(silo.model, Ranked(silo.vectors, *own)))
    asked = np.isin(evaluation.users, cohort)
    found = [metrics.counts(each[asked], work.bins) for each in ranks]
    return tuple(np.concatenate(found).tolist())

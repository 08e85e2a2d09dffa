"""The run of the server's process: begun in a folder, or gone on with."""

import secrets
from pathlib import Path

from fedras.components import complete
from fedras.config import Config
from fedras.core.threads import set_threads
from fedras.nodes.catalogue import Catalogue
from fedras.nodes.link import Link
from fedras.nodes.messages import RUN_BYTES
from fedras.nodes.server.admission import EVERYBODY, Admission
from fedras.nodes.server.coordinator import Coordinator
from fedras.nodes.server.exchange import Patience
from fedras.nodes.server.setup import new_coordinator
from fedras.run.folder import RunFolder
from fedras.run.run import Run
from fedras.whole_files import make_folder

_FORMER = 30.0
"""Seconds that a server waits for its former process to end."""


def open_run(
    folder: Path,
    config: Config | None,
    catalogue: Catalogue,
    link: Link,
    patience: Patience,
    admission: Admission = EVERYBODY,
) -> Run[Coordinator]:
    """Begin a run in a folder, or go on with the one that is there.

    Its coordinator has to `gather` nodes before the first round.

    Parameters
    ----------
    folder
        Of the run.
    config
        Of a new run; None if the folder has one.
    catalogue, link, patience, admission
        As for `new_coordinator`.

    Raises
    ------
    UsageError
        If the configuration or the list of nodes cannot be meant, or there is none.
    FedrasError
        If the folder cannot be used or the checkpoint is damaged.
    """
    admission.terms()
    kept = RunFolder(folder)
    if config is not None and not kept.has_run():
        kept.create(complete(config))
    else:
        kept.lock(_FORMER)
    make_folder(folder, private=True)
    given = kept.config()
    set_threads(given.threads)
    token = secrets.token_bytes(RUN_BYTES)
    return Run(new_coordinator(given, catalogue, link, token, patience, admission), kept)

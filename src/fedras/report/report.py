"""From the rows of an experiment to its files: ``table.md``, ``table.csv`` and the figure."""

from collections.abc import Sequence

from fedras.experiments.experiment import Experiment
from fedras.experiments.reproduction import Found
from fedras.experiments.store import Store
from fedras.report.figures import draw
from fedras.report.paper import published
from fedras.report.readers import READERS
from fedras.report.tables import as_csv, markdown


def write(experiment: Experiment, found: Sequence[Found], store: Store) -> str:
    """Write what the experiment shows and return its table with its note, as Markdown.

    Raises
    ------
    FedrasError
        If a file cannot be written.
    """
    cells = READERS[experiment.table.read](found, experiment.table)
    paper = published(experiment.name)
    note = " ".join(experiment.note.split())
    text = "\n\n".join(filter(None, (note, markdown(experiment, cells, paper))))
    heading = f"# {experiment.title}\n\n{experiment.source}.\n\n"
    store.write(experiment.name, "table.md", heading + text)
    store.write(experiment.name, "table.csv", as_csv(cells, paper))
    if found:
        draw(experiment, found, cells, store.folder(experiment.name))
    return text

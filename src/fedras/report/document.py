"""From the rows of an experiment to its files: ``table.md``, ``table.csv`` and the figure."""

from collections.abc import Sequence

from fedras.config import Config
from fedras.experiments.experiment import Experiment
from fedras.experiments.reproduction import Found
from fedras.experiments.store import Store
from fedras.report.beside import beside
from fedras.report.figures import draw
from fedras.report.paper import published
from fedras.report.readers import READERS
from fedras.report.tables import as_csv, markdown

_ROUNDS: int = Config.model_fields["rounds"].default
"""Of the paper's runs, as of ours."""


def write_document(experiment: Experiment, found: Sequence[Found], store: Store) -> str:
    """Write what the experiment shows and return its table with its note, as Markdown.

    Raises
    ------
    FedrasError
        If a file cannot be written.
    """
    cells = READERS[experiment.table.read](found, experiment.table)
    paper = published(experiment.name)
    below = beside(found, experiment.table, cells, store.rows())
    note = " ".join(experiment.note.split())
    caution = _caution(experiment, found) if paper else ""
    text = "\n\n".join(filter(None, (note, caution, markdown(experiment, cells, paper, below))))
    heading = f"# {experiment.title}\n\n{experiment.source}.\n\n"
    store.write(experiment.name, "table.md", heading + text)
    store.write(experiment.name, "table.csv", as_csv(cells, paper))
    if found:
        draw(experiment, found, cells, store.folder(experiment.name))
    return text


def _caution(experiment: Experiment, found: Sequence[Found]) -> str:
    """Return in what these runs are less than those that the paper's values belong beside."""
    trained = [each for each in found if each.point.trained]
    rounds = {each.row["config"]["rounds"] for each in trained} - {_ROUNDS}
    seeds: dict[str, set[int]] = {}
    for each in trained:
        seeds.setdefault(each.point.given["dataset"], set()).add(each.point.given["seed"])
    fewer = {
        len(ours)
        for dataset, ours in seeds.items()
        if len(ours) < experiment.seeds.get(dataset, experiment.seeds.get("default", 1))
    }
    differences = [f"{each:,} rounds instead of {_ROUNDS}" for each in sorted(rounds)]
    differences += [f"{each} {'seed' if each == 1 else 'seeds'} only" for each in sorted(fewer)]
    return f"**Not the paper's setting: {', '.join(differences)}.**" if differences else ""

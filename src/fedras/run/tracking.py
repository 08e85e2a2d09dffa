"""A run as MLflow shows it, by its own client (extra ``mlflow``)."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fedras.errors import FedrasError, UsageError
from fedras.extras import install
from fedras.run import scalars
from fedras.run.folder import RunFolder

FOLDER = "mlflow"
_MARK = "fedras.folder"
_SETTINGS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",  # else it wants a database, which its light client has not
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # else it tries for minutes
}
"""Where somebody has not said otherwise."""


def require() -> None:
    """Raise UsageError if MLflow is missing."""
    if find_spec("mlflow") is None:
        raise UsageError(f"--log-to mlflow needs its package; run: {install('mlflow')}")


class Log:
    """A run at MLflow: options are its parameters, each number is a metric, the round its step.

    It is where ``MLFLOW_TRACKING_URI`` says, else in files in the folder of the run, and in the
    experiment ``MLFLOW_EXPERIMENT_NAME``, or ``fedras``. MLflow has no ``@`` in names: ``ndcg@10``
    is ``ndcg_at_10``.

    Parameters
    ----------
    folder
        Of the run, by which MLflow's is found again.

    Attributes
    ----------
    new
        Whether there was none.

    Raises
    ------
    FedrasError
        If MLflow cannot be written to.
    """

    def __init__(self, folder: Path) -> None:
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._place = os.environ.get("MLFLOW_TRACKING_URI") or (folder / FOLDER).resolve().as_uri()
        with self._heard():
            from mlflow import MlflowClient  # noqa: PLC0415 -- optional

            self._client = MlflowClient(self._place)
            mark = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()
            experiment = self._experiment()
            known = self._client.search_runs([experiment], f"tags.`{_MARK}` = '{mark}'")
            self.new = not known
            made = known or [self._client.create_run(experiment, run_name=folder.resolve().name)]
            self._run = made[0].info.run_id
            if self.new:
                self._client.set_tag(self._run, _MARK, mark)
                for name, value in RunFolder(folder).config().flat().items():
                    self._client.log_param(self._run, name, value)

    def add_line(self, line: dict[str, Any]) -> None:
        """Add a line of ``metrics.jsonl``."""
        self._add(line["round"], scalars.of_line(line))

    def end(self, summary: dict[str, Any]) -> None:
        """Add the quality at the end, and say that the run is finished."""
        self._add(summary["rounds"], scalars.of_summary(summary))
        with self._heard():
            self._client.set_terminated(self._run)

    def _experiment(self) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "fedras")
        known = self._client.get_experiment_by_name(name)
        return known.experiment_id if known else self._client.create_experiment(name)

    def _add(self, step: int, values: dict[str, float]) -> None:
        from mlflow.entities import Metric  # noqa: PLC0415

        now = round(time.time() * 1000)
        named = {name.replace("@", "_at_"): value for name, value in values.items()}
        with self._heard():
            found = [Metric(name, value, now, step) for name, value in named.items()]
            self._client.log_batch(self._run, found)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Make of whatever goes wrong a line that says where."""
        try:
            yield
        except Exception as error:
            said = str(error).partition("\n")[0]
            raise FedrasError(f"cannot write to MLflow at {self._place}: {said}") from None

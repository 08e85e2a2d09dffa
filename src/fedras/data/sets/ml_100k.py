"""MovieLens 100K."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import ClassVar

from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import Interactions, from_columns
from fedras.data.sources import Counts, Published, Sources
from fedras.data.table import read_integers, read_titles
from fedras.errors import DataError

_WHEEL = "recbole==1.2.1"
_MEMBERS = "recbole/dataset_example/ml-100k/ml-100k"
_PATIENCE = 600  # seconds


def from_package_index(folder: Path) -> None:
    """Get the files out of a package that ships them; pip's own configuration decides where.

    Raises
    ------
    DataError
        If pip cannot get the package.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--retries", "1", "--no-deps"]
    command += ["--disable-pip-version-check", "--only-binary=:all:", "--dest", str(folder), _WHEEL]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise DataError(f"pip took longer than {_PATIENCE} s") from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise DataError(f"pip failed: {lines[-1]}"[:120])
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        with wheel.open(f"{_MEMBERS}.inter") as rows, (folder / "u.data").open("wb") as data:
            rows.readline()  # past the line of column names it is the published file
            shutil.copyfileobj(rows, data)
        titles = wheel.read(f"{_MEMBERS}.item").decode()
    (folder / "u.item").write_text(_as_published(titles), encoding="latin-1")


def _as_published(titles: str) -> str:
    """Write ``id, title, year`` as ``id|title (year)``."""
    rows = (line.split("\t") for line in titles.splitlines()[1:])
    return "".join(f"{row[0]}|{row[1]} ({row[2]})\n" for row in rows)


@DATASETS.register("ml-100k")
class MovieLens100K(Dataset):
    """MovieLens 100K: every rating counts as an interaction, whatever its value."""

    description = "MovieLens 100K: 943 people rated 1,682 films in 1997 and 1998"
    citation = (
        "F. M. Harper and J. A. Konstan. The MovieLens Datasets: History and Context. "
        "ACM TiiS 5(4), 2015. doi:10.1145/2827872"
    )
    licence = "research use with citation; no redistribution, no commercial use without permission"
    published: ClassVar[Published] = Published(
        folder="ml-100k",
        files=("u.data", "u.item"),
        url="https://files.grouplens.org/datasets/movielens/ml-100k.zip",
        counts=Counts(users=943, items=1_682, interactions=100_000),
        archive_checksum="md5:0e33842e24a9c977be4e0107933c0723",
        checksum="sha256:06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
        mirrors=((f"the package {_WHEEL}", from_package_index),),
    )

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions; see `Dataset.load`."""
        folder = sources.folder(self.published)
        columns = ("user", "item", "rating", "timestamp")
        rows = read_integers(folder / "u.data", columns, "\t")
        titles = read_titles(folder / "u.item", "|", "latin-1")
        return from_columns("ml-100k", rows[:, 0], rows[:, 1], rows[:, 3], titles=titles)

"""MovieLens 1M."""

from typing import ClassVar

from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import Interactions, from_columns
from fedras.data.sources import Counts, Published, Sources
from fedras.data.table import read_integers, read_titles


@DATASETS.register("ml-1m")
class MovieLens1M(Dataset):
    """MovieLens 1M: every rating counts as an interaction, whatever its value."""

    description = "MovieLens 1M: 6,040 people rated 3,706 films in 2000 to 2003"
    citation = (
        "F. M. Harper and J. A. Konstan. The MovieLens Datasets: History and Context. "
        "ACM TiiS 5(4), 2015. doi:10.1145/2827872"
    )
    licence = "research use with citation; no redistribution, no commercial use without permission"
    published: ClassVar[Published] = Published(
        folder="ml-1m",
        files=("ratings.dat", "movies.dat"),
        url="https://files.grouplens.org/datasets/movielens/ml-1m.zip",
        counts=Counts(users=6_040, items=3_706, interactions=1_000_209),
        archive_checksum="md5:c4d9eecfca2ab87c1945afe126590906",
        checksum="md5:a89aa3591bc97d6d4e0c89459ff39362",
    )

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions; see `Dataset.load`."""
        folder = sources.folder(self.published)
        columns = ("user", "item", "rating", "timestamp")
        rows = read_integers(folder / "ratings.dat", columns, "::")
        titles = read_titles(folder / "movies.dat", "::", "latin-1")
        return from_columns("ml-1m", rows[:, 0], rows[:, 1], rows[:, 3], titles=titles)

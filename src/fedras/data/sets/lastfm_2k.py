"""Last.fm 2K (HetRec 2011): who tagged which artist, in two readings."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from fedras.arrays import Int64s
from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import Interactions, from_columns
from fedras.data.sources import Counts, Published, Sources
from fedras.data.table import read_integers, read_titles

_COLUMNS = ("userID", "artistID", "tagID", "day", "month", "year")
_LEAST_ASSIGNMENTS = 5
_PUBLISHED = Published(
    folder="lastfm-2k",
    files=("user_taggedartists.dat", "artists.dat"),
    url="https://files.grouplens.org/datasets/hetrec2011/hetrec2011-lastfm-2k.zip",
    counts=Counts(users=1_482, items=12_399, interactions=70_390),
    # No checksum is published; the number of tag assignments is (186,479, below a line of names).
    lines=186_480,
)


class _LastFm(Dataset):
    citation = (
        "I. Cantador, P. Brusilovsky and T. Kuflik. Second Workshop on Information Heterogeneity "
        "and Fusion in Recommender Systems (HetRec). RecSys 2011. doi:10.1145/2043932.2044016"
    )
    licence = "non-commercial use with citation; no redistribution"

    def _assignments(self, sources: Sources) -> tuple[Int64s, Int64s, dict[str, str] | None]:
        """Return (user, artist) rows of users with enough tag assignments, dates and titles."""
        folder = sources.folder(_PUBLISHED)
        rows = read_integers(folder / _PUBLISHED.files[0], _COLUMNS, "\t", header=True)
        _, user, count = np.unique(rows[:, 0], return_inverse=True, return_counts=True)
        rows = rows[count[user] >= _LEAST_ASSIGNMENTS]
        dates = (rows[:, 5] * 100 + rows[:, 4]) * 100 + rows[:, 3]
        return rows[:, :2], dates, read_titles(folder / "artists.dat", "\t", "utf-8")


@DATASETS.register("lastfm-2k")
class LastFm2K(_LastFm):
    """Each (user, artist) pair once, for users who tagged at least two artists."""

    description = "Last.fm 2K: 1,482 people tagged 12,399 artists, each pair once"
    published: ClassVar[Published] = _PUBLISHED

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions; see `Dataset.load`."""
        rows, dates, titles = self._assignments(sources)
        return from_columns(
            "lastfm-2k", rows[:, 0], rows[:, 1], dates, min_interactions=2, titles=titles
        )


@DATASETS.register("lastfm-2k-repeats")
class LastFm2KRepeats(_LastFm):
    """One interaction per tag, so that most (user, artist) pairs come several times."""

    description = "Last.fm 2K with one interaction per tag; its scores are inflated (see notes)"
    published: ClassVar[Published] = replace(
        _PUBLISHED, counts=Counts(users=1_600, items=12_454, interactions=185_649)
    )

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions; see `Dataset.load`."""
        rows, dates, titles = self._assignments(sources)
        note = (
            "lastfm-2k-repeats leaks: the artist held out for a user is often in the same user's "
            "training rows, which inflates every score; lastfm-2k is the clean version"
        )
        return from_columns(
            "lastfm-2k-repeats",
            rows[:, 0],
            rows[:, 1],
            dates,
            keep_repeats=True,
            titles=titles,
            notes=(note,),
        )

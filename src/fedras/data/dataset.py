"""What a data set is, and where data sets register."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from fedras.config import OPTIONS
from fedras.data.interactions import Interactions
from fedras.data.sources import Published, Sources
from fedras.registry import Registry


class Dataset(BaseModel):
    """A data set; its fields are its options.

    To add one, write a module in ``data/sets/`` with a subclass that has a ``description`` and a
    ``load`` method, under ``@DATASETS.register(name)``.
    """

    model_config = OPTIONS | ConfigDict(use_attribute_docstrings=True)

    description: ClassVar[str]
    """One line for the list of data sets."""
    citation: ClassVar[str] = ""
    """The paper to cite when results on this data are published."""
    licence: ClassVar[str] = ""
    """The publisher's terms in a sentence."""
    published: ClassVar[Published | None] = None
    """Where the files come from and what they must contain; None if nothing is fetched."""

    def load(self, sources: Sources) -> Interactions:
        """Return the interactions; files are located, or fetched, by ``sources``.

        Raises
        ------
        DataError
            If a file cannot be had or read.
        """
        raise NotImplementedError


DATASETS: Registry[Dataset] = Registry("data set", "data", "sets")

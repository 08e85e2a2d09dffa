"""Data sets: published ones by name, generated ones, and tables of your own."""

from fedras.data.check import check
from fedras.data.dataset import DATASETS, Dataset
from fedras.data.files import MEMORY, File, InMemory
from fedras.data.interactions import Interactions, client_keys, from_columns
from fedras.data.memory import interactions_from
from fedras.data.named import HIDDEN, available, describe, fetch, load, names, open_dataset
from fedras.data.negatives import sample_negatives
from fedras.data.sources import Sources
from fedras.data.split import (
    TIME,
    Split,
    divide,
    evaluated,
    known,
    leave_one_out,
    most_held_out,
    told,
)

__all__ = [
    "DATASETS",
    "HIDDEN",
    "MEMORY",
    "TIME",
    "Dataset",
    "File",
    "InMemory",
    "Interactions",
    "Sources",
    "Split",
    "available",
    "check",
    "client_keys",
    "describe",
    "divide",
    "evaluated",
    "fetch",
    "from_columns",
    "interactions_from",
    "known",
    "leave_one_out",
    "load",
    "most_held_out",
    "names",
    "open_dataset",
    "sample_negatives",
    "told",
]

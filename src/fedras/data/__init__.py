"""Data sets: published ones by name, generated ones, and tables of your own."""

from fedras.data.dataset import DATASETS, Dataset
from fedras.data.interactions import (
    Interactions,
    Split,
    client_keys,
    from_columns,
    leave_one_out,
)
from fedras.data.named import available, describe, fetch, load, names, open_dataset
from fedras.data.negatives import sample_negatives
from fedras.data.sources import Sources

__all__ = [
    "DATASETS",
    "Dataset",
    "Interactions",
    "Sources",
    "Split",
    "available",
    "client_keys",
    "describe",
    "fetch",
    "from_columns",
    "leave_one_out",
    "load",
    "names",
    "open_dataset",
    "sample_negatives",
]

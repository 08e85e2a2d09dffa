"""The runs: every method and model, and every option that the arithmetic depends on."""

from collections.abc import Iterable, Iterator
from typing import Any

from fedras.aggregation import AGGREGATIONS
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.numbers import NUMBERS
from golden.digests import built_in

Options = dict[str, Any]

SMALL: Options = {
    "dataset": "synthetic",
    "users": 30,
    "items": 240,
    "interactions": 700,
    "rounds": 3,
    "eval_every": 1,
    "client_fraction": 0.3,
    "compression_rate": 0.75,
    "dim": 16,
    "batch_size": 16,
    "baselines": False,
    "patience": 0,
}
METHOD: dict[str, Options] = {
    "fedras": {"compression_rate": 0.9},
    "fedras-e": {"compression_rate": 0.9},
    "fedras-f": {"compression_rate": 0.9},
    "fedras-t": {"compression_rate": 0.9},
    "jointrec": {"compression_rate": 0.9375},
    "lightfr": {"compression_rate": 0.9375},
    "rcr": {"rounds": 12},
}
BLAS = {"colr", "jointrec", "powersgd", "svd"}
WITHOUT_FEEDBACK = {"fedras-e", "lightfr"}
BOTH = {"error_feedback": True, "uplink_error_feedback": True}
SKIPPING = {"rounds": 12, "patience": 1, "last_share": 0.25, "learning_rate": 0.01}

MF: dict[str, Options] = {
    "no bias": {"bias": False},
    "decay per step": {"decay_per": "step", "weight_decay": 0.1},
    "strong decay": {"weight_decay": 0.3},
    "no decay": {"weight_decay": 0.0},
    "no negatives": {"negatives": 0},
    "many negatives": {"negatives": 30},
    "one epoch": {"local_epochs": 1},
    "five epochs": {"local_epochs": 5},
    "one sample a step": {"batch_size": 1},
    "three samples a step": {"batch_size": 3},
    "one step an epoch": {"batch_size": 100_000},
    "long steps": {"learning_rate": 30.0, "final_learning_rate": 0.0},
    "large start": {"initial_scale": 8.0},
    "another seed": {"seed": 12345678901},
    "everybody": {"client_fraction": 1.0},
    "one client": {"client_fraction": 0.01},
    "many uneven clients": {"users": 300, "interactions": 6000, "client_fraction": 0.7},
    "more than fits": {"users": 80, "items": 6000, "interactions": 40_000, "client_fraction": 1.0,
                       "dim": 64, "negatives": 8, "rounds": 2, "method": "base",
                       "compression_rate": 0.0},
    "no context": {"context_weight": 0.0},
    "a context": {"context_weight": 4.0, "context_decay": 0.5},
    "by the test item": {"monitor": "test"},
    "for validation": {"validation": True},
    "rounds left out": SKIPPING,
    "a share held out": {"split": "ratio", "test_share": 0.3, "at": [1, 3]},
    "few to beat": {"eval_negatives": 3},
    "many to beat": {"eval_negatives": 200},
    "as in the paper": {"bias": False, "decay_per": "step", "monitor": "test", "last_share": 0.0,
                        "context_weight": 0.0, "negatives": 4, "local_epochs": 2},
    "one action": {"actions": 1},
    "eight actions": {"actions": 8, "client_iterations": 3},
    "eight actions with feedback": {"actions": 8, **BOTH},
    "strict": {"strict": True},
    "wide fluctuation": {"alpha": 0.7, "iterations": 3},
    "sweeps": {"method": "lightfr", "compression_rate": 0.9375, "sweeps": 1, "local_epochs": 3},
    "plain down": {"method": "jointrec", "compression_rate": 0.9375, "uplink_only": True},
    "five iterations": {"method": "powersgd", "iterations": 5, "error_feedback": True},
    "large groups": {"items": 1500, "users": 60, "interactions": 6000, "compression_rate": 0.4,
                     "dim": 8, "client_fraction": 1.0, "rounds": 2},
    "cells": {"items": 1800, "users": 60, "interactions": 8000, "compression_rate": 0.3,
              "dim": 10, "client_fraction": 1.0, "rounds": 2, "method": "fedras-f"},
    "many items": {"items": 70_000, "users": 40, "interactions": 900, "compression_rate": 0.9995,
                   "dim": 8},
}  # fmt: skip
NCF: dict[str, Options] = {
    "decay per step": {"decay_per": "step", "weight_decay": 0.1},
    "no negatives": {"negatives": 0},
    "three samples a step": {"batch_size": 3},
    "one step an epoch": {"batch_size": 100_000, "local_epochs": 1},
    "network rate": {"network_rate": 1.5},
    "many uneven clients": {"users": 200, "interactions": 3000, "client_fraction": 0.7},
    "rounds left out": SKIPPING,
    "a context": {"context_weight": 4.0, "context_decay": 0.5},
    "eight actions with feedback": {"actions": 8, **BOTH},
}
GUARDS: dict[str, Options] = {
    "norm bound": {"norm_bound": 1.2},
    "norm limit": {"norm_limit": 0.05},
    "reputation": {"reputation": True, "rounds": 5},
    "noise": {"dp_noise_multiplier": 0.5},
    "noise on touched rows": {"dp_noise_multiplier": 0.5, "dp_all_rows": False},
    **{name: {"aggregation": name} for name in built_in(AGGREGATIONS)},
    "trimmed-mean of a half": {"aggregation": "trimmed-mean", "trim": 0.45},
    "median of tiers": {"aggregation": "median", "rate_range": [0.6, 0.95], "rate_levels": 3},
}
DIMS = (1, 2, 7, 10, 24, 33, 64, 100)


def entries() -> Iterator[tuple[str, Options, bool]]:
    """Yield each run's name, its options, and whether BLAS has a say in it."""
    for name, given in _named():
        options = SMALL | METHOD.get(given.get("method", "fedras"), {}) | given
        if "rate_range" in options:  # what several rates imply now came later
            as_recorded: Options = {"error_feedback": False}
            if options.get("method", "fedras") == "fedras":
                as_recorded["strict"] = False
            options = as_recorded | options
        noised = bool(options.get("dp_noise_multiplier"))
        yield name, options, noised or options.get("method") in BLAS


def _named() -> Iterator[tuple[str, Options]]:
    for model in built_in(MODELS):
        for method in built_in(METHODS):
            own = {"model": model, "method": method}
            yield f"{method}, {model}", own
            if method not in WITHOUT_FEEDBACK:
                yield f"{method}, {model}, feedback", own | BOTH
        yield from _each(model, {f"{d} columns": {"dim": d, "rounds": 2} for d in DIMS})
        yield from _each(model, GUARDS)
        for method in ("fedras", "colr", "topk", "svd", "fedras-e"):
            tiers = {"rate_range": [0.5, 0.9375], "rate_levels": 8, "client_fraction": 0.6}
            if method not in {"fedras", "fedras-e"}:
                tiers |= {"rate_levels": 2, "rate_range": [0.5, 0.75]}
            yield f"{method}, {model}, tiers", {"model": model, "method": method, **tiers}
    yield from _each("mf", MF)
    yield from _each("ncf", NCF)
    for numbers in built_in(NUMBERS):
        yield f"scoring in {numbers}", {"model": "ncf", "scoring_numbers": numbers}
        yield from _written(numbers, ("fedras", "topk", "colr", "svd"))


def _each(model: str, table: dict[str, Options]) -> Iterator[tuple[str, Options]]:
    for name, options in table.items():
        yield f"{model}, {name}", {"model": model, **options}


def _written(numbers: str, methods: Iterable[str]) -> Iterator[tuple[str, Options]]:
    for method in methods:
        own = {"method": method, "numbers": numbers}
        yield f"{method} in {numbers}", own
        yield f"{method} in {numbers}, feedback", own | BOTH

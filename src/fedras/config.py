"""The configuration of a run: one flat set of options, from TOML, the command line or Python.

The help of the command line is made of it, so importing it waits for neither NumPy nor the core.
"""

import math
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from fedras.complaints import TOML, option_named, shown
from fedras.errors import FedrasError, UsageError
from fedras.registry import unknown

Option = bool | int | float | str

OPTIONS = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, strict=True)
"""How options are taken, those of components included: ``true`` and ``"1"`` are not 1."""

MOST = 2**31 - 1
"""The largest count that an option may be."""

MOST_PASSES = 1000
"""The largest number of times that a loop within a round may be repeated."""

LARGEST = 1e30
"""The largest factor that an option may be."""

MOST_CUTOFF = 1000
"""The largest k of a metric: as many numbers are in each histogram of a node."""

_LEAST_NOISE = 1e-100


def _known_numbers(name: str) -> str:
    from fedras.numbers import NUMBERS  # noqa: PLC0415 -- slow to import

    if name not in NUMBERS:
        raise ValueError(unknown("number format", name, NUMBERS.names()))
    return name


def _without_nul(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("no path has a NUL character")
    return path


NumbersName = Annotated[str, AfterValidator(_known_numbers)]
"""An option that names a number format (`fedras.numbers`)."""

PathOption = Annotated[Path, Field(strict=False), AfterValidator(_without_nul)]
"""An option that is a path, as text or `Path`."""

_Range = Annotated[
    tuple[float, float],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
]


def _numbers(given: object) -> object:
    """Take ``5,10`` and ``5`` for ``[5, 10]`` and ``[5]``, as the command line gives them."""
    if isinstance(given, str):
        parts = [part.strip() for part in given.split(",")]
        given = [int(part) if part.isdecimal() and len(part) < 9 else part for part in parts]
    return tuple(given) if isinstance(given, list) else (given,) if type(given) is int else given


def _with_main(at: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted({*at, 10}))


Cutoffs = Annotated[
    tuple[Annotated[int, Field(ge=1, le=MOST_CUTOFF)], ...],
    Field(min_length=1, max_length=20),
    BeforeValidator(_numbers),
    AfterValidator(_with_main),
]
"""The k of metrics, ascending; 10 is always one."""


class Config(BaseModel):
    """All that a result depends on. Every option has a default: `Config()` is the main job.

    Options of one data set, model or method (``alpha`` of ``fedras``, ``users`` of ``synthetic``)
    are given beside the others and collected in ``options``; the component validates them.
    """

    model_config = OPTIONS

    dataset: str = Field("ml-100k", description="data set, or the path of a table")
    data_dir: PathOption | None = Field(None, description="folder of data sets")
    model: str = Field("mf", description="base model")
    method: str = Field("fedras", description="method that codes the updates")
    compression_rate: float = Field(0.9688, ge=0, lt=1, description="paper's CR: 1 - rows sent / N")
    rate_range: _Range | None = Field(
        None, description="draw each client's rate from this range instead (section 5.5)"
    )
    rate_levels: int = Field(5, ge=1, le=64, description="distinct rates drawn from rate_range")
    rate_file: PathOption | None = Field(None, description="CSV of user,rate: each client's own")
    error_feedback: bool = Field(
        False,
        description="the server adds what coding lost to its next update; with several rates: true",
    )
    server_rate: float = Field(
        1.0, gt=0, le=LARGEST, description="the server takes so many times the average update"
    )
    every: int = Field(
        1, ge=1, le=MOST, description="the server sends an update in each so-many-th round only"
    )
    uplink_error_feedback: bool = Field(
        False, description="clients do so too; what was lost stays with them"
    )
    summing_nodes: int = Field(
        0,
        ge=0,
        le=MOST,
        description="nodes that add up their users' updates before they send; 0: users send alone",
    )
    scoring_numbers: NumbersName = Field(
        "drive", description="number format of the scoring model's changes, both ways"
    )
    aggregation: str = Field("mean", description="what the server makes of the clients' updates")
    norm_bound: float = Field(
        0.0,
        ge=0,
        le=LARGEST,
        description="rows are cut to so many times the cohort's median norm; 0: never",
    )
    norm_limit: float = Field(
        0.0, ge=0, le=LARGEST, description="rows are cut to this norm; 0: never"
    )
    reputation: bool = Field(
        False, description="clients that disagreed with the others so far are not believed"
    )
    dp_noise_multiplier: float = Field(
        0.0,
        ge=0,
        le=LARGEST,
        description="clients add noise of so many times dp_clip_norm; 0: no privacy",
    )
    dp_clip_norm: float = Field(
        1.0, gt=0, le=LARGEST, description="norm that clients cut their uploads to"
    )
    dp_delta: float = Field(1e-5, gt=0, lt=1, description="delta that epsilon is reported for")
    dp_all_rows: bool = Field(
        False, description="clients hide which rows they touched; where there is noise: true"
    )
    rounds: int = Field(500, ge=1, le=MOST, description="global rounds")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of all random choices")
    client_fraction: float = Field(0.1, gt=0, le=1, description="clients per round / all clients")
    dim: int = Field(64, ge=1, le=4096, description="embedding dimension")
    local_epochs: int = Field(
        2, ge=1, le=MOST_PASSES, description="passes over a client's samples per round"
    )
    batch_size: int = Field(256, ge=1, le=10**6, description="samples per local step")
    negatives: int = Field(4, ge=0, le=10**4, description="sampled negatives per positive")
    eval_every: int = Field(
        25, ge=1, le=MOST, description="rounds between evaluations and checkpoints"
    )
    eval_negatives: int = Field(
        99, ge=1, le=10**5, description="candidates besides the held-out item"
    )
    at: Cutoffs = Field(
        (5, 10, 20), description="cut-offs k of HR@k, NDCG@k and MRR@k; 10 is always one"
    )
    split: Literal["last", "ratio", "time"] = Field(
        "last",
        description="held out: each user's last item, each user's last share, or all after a time",
    )
    test_share: float = Field(
        0.1, gt=0, lt=1, description="share that split=ratio and split=time hold out"
    )
    validation: bool = Field(False, description="drop the test item, hold out the one before it")
    monitor: Literal["validation", "test"] = Field(
        "validation", description="ranked while training: the item before the test item, or that"
    )
    patience: int = Field(
        4, ge=0, le=MOST, description="evaluations without a better NDCG@10 that end it; 0: none do"
    )
    last_share: float = Field(
        0.2, ge=0, lt=1, description="share of the rounds in which the validation item trains too"
    )
    context_weight: float | None = Field(
        None, ge=0, le=LARGEST, description="of a user's latest items in the score; or validation's"
    )
    context_decay: float = Field(
        0.8, ge=0, le=1, description="how much less each older item weighs in that"
    )
    baselines: bool = Field(
        True, description="at the end, popularity and other simple methods on the same data"
    )
    threads: int = Field(
        0, ge=0, le=4096, description="threads to compute with, 0 for all; same numbers"
    )
    options: dict[str, Option] = Field({}, description="options of data set, model and method")

    @model_validator(mode="before")
    @classmethod
    def _collect_options(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("options", {}), dict):
            return given
        flat = given.get("options", {}) | {k: v for k, v in given.items() if k != "options"}
        _require_storable(flat)
        common = {name: value for name, value in flat.items() if name in cls.model_fields}
        extra = {name: value for name, value in flat.items() if name not in cls.model_fields}
        for name, value in extra.items():
            _require_option(name, value)
        return common | {"options": extra}

    @model_validator(mode="after")
    def _possible(self) -> "Config":
        if self.rate_range is not None:
            low, high = self.rate_range
            if not 0 <= low <= high < 1:
                raise ValueError(f"rate_range {low}, {high} is not an interval within [0, 1)")
            if self.rate_file is not None:
                raise ValueError("give rate_range or rate_file, not both")
        if 0 < self.dp_noise_multiplier < _LEAST_NOISE:
            raise ValueError(
                f"dp_noise_multiplier {self.dp_noise_multiplier} hides nothing; 0 is no noise, and "
                f"some is at least {_LEAST_NOISE}"
            )
        if "dp_all_rows" not in self.model_fields_set:  # and stays so: nobody asked for it
            self.__dict__["dp_all_rows"] = self.dp_noise_multiplier > 0
        if self.dp_all_rows and not self.dp_noise_multiplier:
            raise ValueError(
                "dp_all_rows hides rows under noise, and there is none; give dp_noise_multiplier, "
                "or leave it out"
            )
        return self

    @property
    def several_rates(self) -> bool:
        """Whether clients have compression rates of their own."""
        return self.rate_range is not None or self.rate_file is not None

    def to_toml(self) -> str:
        """Return the configuration as TOML that `read_config` reads back."""
        return tomli_w.dumps({k: v for k, v in self.flat().items() if v is not None})

    def flat(self) -> dict[str, Any]:
        """Return all options, those of the components among the others, as JSON can hold them."""
        return self.model_dump(mode="json", exclude={"options"}) | self.options


def _require_storable(given: dict[str, Any]) -> None:
    """Raise ValueError for what ``config.toml`` cannot hold."""
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int) and each not in TOML:
                raise ValueError(f"{option_named(name)}: {shown(each)} is out of range")
            if isinstance(each, str) and each != each.encode("utf-8", "replace").decode():
                raise ValueError(f"{option_named(name)}: {shown(each)} is not text in UTF-8")


def _require_option(name: str, value: object) -> None:
    """Raise ValueError for what no option of a component can be."""
    if not isinstance(value, Option):
        raise ValueError(
            f"{option_named(name)}: expected a number, text, true or false, got {shown(value)}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{option_named(name)}: expected a finite number, got {value}")


def read_config(path: Path) -> dict[str, Any]:
    """Return the options in a TOML file, not yet validated.

    Raises
    ------
    FedrasError
        If the file cannot be read.
    UsageError
        If it is not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise FedrasError(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply; no option is") from None

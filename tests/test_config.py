import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fedras.components import complete, make_config, method_of, model_of
from fedras.config import Config, read_config
from fedras.errors import FedrasError, UsageError

rates = st.floats(0, 1, exclude_max=True)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
options = st.dictionaries(
    texts.filter(lambda name: name not in Config.model_fields),
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    max_size=4,
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "dataset": texts,
        "data_dir": st.none() | st.just("a folder/with ünusual names"),
        "compression_rate": rates,
        "rate_range": st.none() | st.tuples(rates, rates).map(sorted),
        "rate_levels": st.integers(1, 64),
        "rounds": st.integers(1, 10**9),
        "seed": st.integers(0, 2**63 - 1),
        "client_fraction": st.floats(0, 1, exclude_min=True),
        "dim": st.integers(1, 4096),
        "negatives": st.integers(0, 100),
        "validation": st.booleans(),
        "threads": st.integers(0, 64),
    },
)


@given(configs, options)
def test_toml_comes_back(given_: dict[str, object], more: dict[str, object]) -> None:
    config = Config.model_validate(given_ | more)
    assert config.options == more
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.toml")
        path.write_text(config.to_toml(), "utf-8", newline="")
        back = Config.model_validate(read_config(path))
    assert back == config
    assert [type(value) for value in back.options.values()] == [
        type(config.options[name]) for name in back.options
    ]


def test_a_completed_configuration_survives_a_file(tmp_path: Path) -> None:
    config = make_config({"alpha": 0.5, "rate_range": [0.5, 0.9], "data_dir": str(tmp_path)})
    path = tmp_path / "run.toml"
    path.write_text(config.to_toml(), "utf-8")
    assert make_config(read_config(path)) == config
    assert complete(config) == config


def test_options_of_components_stand_beside_the_others() -> None:
    flat = Config.model_validate({"alpha": 0.5, "rounds": 3})
    nested = Config.model_validate({"options": {"alpha": 0.5}, "rounds": 3})
    assert flat == nested
    assert flat.options == {"alpha": 0.5}


def test_defaults_of_components_are_filled_in() -> None:
    config = make_config({"alpha": 0.5})
    assert config.options["alpha"] == 0.5
    assert config.options["iterations"] == 10
    dumped = {**method_of(config).model_dump(), **model_of(config).model_dump()}
    assert dumped.items() <= config.options.items()
    assert method_of(config).model_dump()["alpha"] == 0.5


BAD: dict[str, tuple[dict[str, object], str]] = {
    "misspelt": ({"compresion_rate": 0.5}, "'compresion_rate': did you mean 'compression_rate'?"),
    "misspelt option": ({"alpa": 0.5}, "'alpa': did you mean 'alpha'?"),
    "nobody's": ({"zzzz": 1}, "unknown option 'zzzz': known are"),
    "rate of one": ({"compression_rate": 1.0}, "compression_rate"),
    "negative rate": ({"compression_rate": -0.1}, "compression_rate"),
    "rate that is no number": ({"compression_rate": math.nan}, "compression_rate"),
    "text for a rate": ({"compression_rate": "high"}, "compression_rate"),
    "range upside down": ({"rate_range": [0.9, 0.5]}, "rate_range 0.9, 0.5"),
    "range up to one": ({"rate_range": [0.9, 1.0]}, "rate_range 0.9, 1.0"),
    "range below zero": ({"rate_range": [-0.1, 0.5]}, "rate_range -0.1, 0.5"),
    "half a range": ({"rate_range": [0.9]}, "rate_range"),
    "two sources of rates": ({"rate_range": [0.5, 0.9], "rate_file": "x"}, "rate_file, not both"),
    "no rounds": ({"rounds": 0}, "rounds"),
    "half a round": ({"rounds": 1.5}, "rounds"),
    "no clients": ({"client_fraction": 0}, "client_fraction"),
    "more than all clients": ({"client_fraction": 1.1}, "client_fraction"),
    "negative seed": ({"seed": -1}, "seed"),
    "too large a seed": ({"seed": 2**63}, "seed"),
    "no dimension": ({"dim": 0}, "dim"),
    "alpha of one": ({"alpha": 1.0}, "alpha"),
    "text for alpha": ({"alpha": "wide"}, "alpha"),
    "unknown method": ({"method": "fedrass"}, "unknown method 'fedrass': did you mean 'fedras'?"),
    "unknown model": ({"model": "fm"}, "unknown model 'fm': known are"),
    "unknown numbers": ({"numbers": "q5"}, "option numbers: unknown number format 'q5'"),
    "unknown numbers of the network": (
        {"scoring_numbers": "q5"},
        "option scoring_numbers: unknown number format 'q5'",
    ),
    "options that are no table": ({"options": 3}, "options"),
    "options that are no table, and others": ({"options": 3, "alpha": 0.5}, "option"),
    "a list": ({"alpha": [0.2]}, "alpha"),
    "infinite option": ({"learning_rate": math.inf}, "learning_rate"),
    "true for a count": ({"dim": True}, "option dim: Input should be a valid integer, got True"),
    "true for a number": ({"alpha": True}, "option alpha: Input should be a valid number"),
    "true for a data set's count": ({"dataset": "synthetic", "users": True}, "'users'"),
    "text for a count": ({"rounds": "5"}, "option rounds: Input should be a valid integer"),
    "a whole float for a count": (
        {"rounds": 5.0},
        "option rounds: Input should be a valid integer",
    ),
    "1 for true": ({"reputation": 1}, "option reputation: Input should be a valid boolean"),
    "more than 64 bits": ({"actions": 10**23}, "actions: a number of more than 64 bits"),
    "thousands of digits": ({"rounds": 1 << 20_000}, "rounds: a number of more than 64 bits"),
    "many bits in a range": ({"rate_range": [0.1, 1 << 70]}, "rate_range: a number of more than"),
    "no number for an option": ({"alpha": math.nan}, "option alpha: expected a finite number"),
    "a table": ({"alpha": {"a": 1}}, "option alpha: expected a number, text, true or false"),
    "numbers of jointrec": ({"method": "jointrec", "numbers": "zzz"}, "unknown number format"),
    "noise that is none": ({"dp_noise_multiplier": 1e-300}, "1e-300 hides nothing; 0 is no noise"),
    "a path with NUL": ({"data_dir": "a\0b"}, "option data_dir: no path has a NUL"),
    "a table with NUL": ({"dataset": "a\0b.csv"}, "option dataset: no path has a NUL"),
    "bytes that are no text": ({"dataset": "\udcff.csv"}, "dataset: '\\udcff.csv' is not text"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_meant_is_explained_in_one_line(case: str) -> None:
    given_, complaint = BAD[case]
    with pytest.raises(UsageError) as raised:
        make_config(given_)
    assert complaint in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_configuration_does_not_change() -> None:
    config = Config()
    with pytest.raises(ValidationError):
        setattr(config, "rounds", 3)  # noqa: B010


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(FedrasError, match=r"cannot read .*none\.toml: No such file"):
        read_config(tmp_path / "none.toml")
    bad = tmp_path / "bad.toml"
    for content in (b"rounds = = 3", b"\xff\xfe"):
        bad.write_bytes(content)
        with pytest.raises(UsageError, match=r"bad\.toml is not TOML"):
            read_config(bad)


def test_the_learning_rate_falls_in_a_straight_line() -> None:
    config = make_config({"learning_rate": 2.0, "final_learning_rate": 0.25, "rounds": 5})
    model = model_of(config)
    rates_ = [model.rate_at(round_, config.rounds) for round_ in range(5)]
    assert rates_ == pytest.approx([2.0, 1.625, 1.25, 0.875, 0.5])
    assert model.rate_at(0, 1) == 2.0


def test_depth_is_a_mistake_like_any_other(tmp_path: Path) -> None:
    deep = tmp_path / "deep.toml"
    deep.write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(UsageError, match=r"deep\.toml is nested too deeply"):
        read_config(deep)


def test_options_in_a_table_are_those_beside_it() -> None:
    assert Config.model_validate({"options": {"rounds": 3, "alpha": 0.5}}) == Config.model_validate(
        {"rounds": 3, "alpha": 0.5}
    )


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ("5,20", (5, 10, 20)),
        ("20, 5", (5, 10, 20)),
        (1, (1, 10)),
        ("10", (10,)),
        ([7, 7, 10], (7, 10)),
        ((1000,), (10, 1000)),
    ],
)
def test_cut_offs_are_ascending_and_10_is_one(given: object, at: tuple[int, ...]) -> None:
    config = Config.model_validate({"at": given})
    assert config.at == at
    assert Config.model_validate(config.flat()) == config


@pytest.mark.parametrize("given", [[], "", "0", "5,x", "1001", 2.5, True, [True], "5,-1", "9" * 99])
def test_cut_offs_that_are_none_are_one_line(given: object) -> None:
    with pytest.raises(UsageError, match=r"^option at.*: [^\n]+$"):
        make_config({"at": given})

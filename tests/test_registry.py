import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fedras.codecs import CODECS
from fedras.errors import UsageError
from fedras.methods import METHODS
from fedras.models import MODELS
from fedras.registry import Registry, unknown


class Thing:
    pass


class Other:
    pass


def things() -> Registry[Thing]:
    """A registry that looks for its built-in components where the models are."""
    return Registry("thing", "models")


def test_what_is_registered_is_found() -> None:
    registry = things()
    assert registry.register("one")(Thing) is Thing
    assert registry.get("one") is Thing
    assert "one" in registry
    assert "two" not in registry
    assert 1 not in registry
    assert registry.names() == ["one"]


def test_names_are_sorted() -> None:
    registry: Registry[object] = Registry("thing", "models")
    for name in ("b", "c", "a"):
        registry.register(name)(Thing)
    assert registry.names() == ["a", "b", "c"]


def test_two_of_a_name_are_refused() -> None:
    registry: Registry[object] = Registry("thing", "models")
    registry.register("one")(Thing)
    registry.register("one")(Thing)  # the same again, as when a module is imported twice
    with pytest.raises(ValueError, match="two things are called 'one'"):
        registry.register("one")(Other)
    assert registry.get("one") is Thing


def test_an_unknown_name_is_answered_with_the_closest() -> None:
    registry = things()
    registry.register("colour")(Thing)
    with pytest.raises(UsageError) as raised:
        registry.get("color")
    assert str(raised.value) == "unknown thing 'color': did you mean 'colour'? known are colour"
    with pytest.raises(UsageError, match=r"^unknown thing 'xyz': known are colour$"):
        registry.get("xyz")
    assert unknown("thing", "xyz", ["abd", "abc"]) == "unknown thing 'xyz': known are abd, abc"


def test_built_in_components_are_found_without_importing_them() -> None:
    assert {"actions", "plain"} <= set(CODECS.names())
    assert "fedras" in METHODS.names()
    assert "mf" in MODELS.names()
    for registry in (CODECS, METHODS, MODELS):
        for name in registry.names():
            assert registry.get(name).__doc__


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed distribution that announces components under an entry point group."""
    (tmp_path / "their_things.py").write_text(
        "class Thing:\n    pass\n\n\nclass Broken:\n    pass\n", "utf-8"
    )
    info = tmp_path / "their_things-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-things\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[fedras.models]\ntheirs = their_things:Thing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield info
    sys.modules.pop("their_things", None)


@pytest.mark.usefixtures("package")
def test_other_packages_announce_theirs() -> None:
    registry = things()
    assert registry.names() == ["theirs"]
    assert registry.get("theirs").__module__ == "their_things"
    assert "theirs" in registry


@pytest.mark.usefixtures("package")
def test_other_packages_cannot_take_a_name() -> None:
    registry: Registry[object] = Registry("thing", "models")
    registry.register("theirs")(Thing)
    with pytest.raises(ValueError, match="two things are called 'theirs'"):
        registry.names()


@pytest.mark.usefixtures("package")
def test_other_groups_are_left_alone() -> None:
    assert Registry[object]("thing", "methods").names() == []

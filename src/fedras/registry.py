"""Named components: adding one is one new file, or one entry point of another package."""

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from fedras.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Components of one kind by name.

    The modules of the package ``fedras.<folder>`` register themselves with a decorator when they
    are first imported; other packages announce theirs under the entry point group
    ``fedras.<folder>``, where the entry point's name is the component's name.

    Parameters
    ----------
    kind
        What a component is called in messages, for example ``"method"``.
    folder
        The sub-package that holds the built-in components, for example ``"methods"``.
    within
        The folder in it with their modules, if there is one.
    """

    def __init__(self, kind: str, folder: str, within: str = "") -> None:
        self.kind = kind
        self.group = f"fedras.{folder}"
        self._package = f"{self.group}.{within}" if within else self.group
        self._components: dict[str, type[T]] = {}
        self._complete = False

    def register(self, name: str) -> Callable[[type[T]], type[T]]:
        """Return a class decorator that registers the class under ``name``.

        It raises UsageError for a class that lacks part of its contract.
        """

        def add(component: type[T]) -> type[T]:
            if lacking := sorted(getattr(component, "__abstractmethods__", ())):
                raise UsageError(
                    f"{self.kind} {name!r} of {component.__module__} lacks {', '.join(lacking)}: "
                    "it was made for another version of fedras"
                )
            if self._components.setdefault(name, component) is not component:
                raise ValueError(f"two {self.kind}s are called {name!r}")
            return component

        return add

    def names(self) -> list[str]:
        """Return all names, sorted."""
        self._load()
        return sorted(self._components)

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._components

    def get(self, name: str) -> type[T]:
        """Return the component called ``name``.

        Raises
        ------
        UsageError
            If there is none; the message lists the names and the closest one.
        """
        self._load()
        try:
            return self._components[name]
        except KeyError:
            raise UsageError(unknown(self.kind, name, self.names())) from None

    def _load(self) -> None:
        if self._complete:
            return
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__, prefix=f"{self._package}."):
            importlib.import_module(module.name)
        for point in entry_points(group=self.group):
            self.register(point.name)(point.load())
        self._complete = True


def unknown(kind: str, name: str, known: list[str]) -> str:
    """Return the one line for an unknown ``name``, with the closest known one if there is any."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown {kind} {name!r}: {hint}known are {', '.join(known)}"

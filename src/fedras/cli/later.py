"""Commands whose modules are imported when they run: help and mistakes answer at once."""

from collections import UserDict
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer

from fedras.cli.help import PLAIN, Group


class Home(NamedTuple):
    """Where a command is, and what the list of commands says of it.

    Attributes
    ----------
    place
        Module and name in ``fedras.cli`` of the function, or of a `typer.Typer` with commands.
    summary
        The first paragraph of its help.
    """

    place: str
    summary: str


class _Commands(UserDict[str, Any]):
    """The commands by name; each is made when somebody asks for it."""

    def __getitem__(self, name: str) -> Any:
        module, _, own = self.data[name].place.partition(".")
        found = getattr(import_module(f"fedras.cli.{module}"), own)
        alone = typer.Typer(add_completion=False, **PLAIN)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=name)
            return typer.main.get_group(alone).commands[name]
        alone.command(name)(found)
        return typer.main.get_command(alone)


class LaterGroup(Group):
    """A group of commands that are made when they are needed.

    Parameters
    ----------
    homes
        The commands by name, in the order of the help.
    attributes
        As of any group.
    """

    def __init__(self, homes: Mapping[str, Home], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands, self._homes = _Commands(homes), homes

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return list(self.commands)

    def summary_of(self, name: str) -> str:
        """Return what the list of commands says of one."""
        return self._homes[name].summary

"""Which nodes may enrol how many users: the operator's list, and what holds without one."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fedras.errors import FedrasError, UsageError

USERS = 2000
"""How many users a node may enrol that the operator says nothing else of."""
RAISE = "to let it, raise its users in the list of nodes, or users-per-node where there is no list"
"""What to do about a node that has more users than it may enrol."""

_COLUMNS, _FORMER = ("node", "users"), "former"


class Terms(NamedTuple):
    """On what terms a node takes part.

    Attributes
    ----------
    users
        How many it may enrol in a run, those included that have left it.
    former
        The addresses that it had before, with other keys: what belonged to these belongs to it.
    """

    users: int
    former: tuple[int, ...] = ()


@dataclass(frozen=True)
class Admission:
    """Whom the operator lets in.

    Attributes
    ----------
    users
        `Terms.users` where the list says nothing.
    path
        The list, a CSV file with the columns node, users and, if wanted, former: an address, a
        number of users or nothing, and addresses separated by blanks. Who is not in it is not let
        in. Without a list everybody is whom the transport lets in.
    known_by_token
        Whether each start of the server gives the nodes new addresses, as a simulation does. Then a
        node is known by what it calls itself until it has joined once.
    """

    users: int = USERS
    path: Path | None = None
    known_by_token: bool = False

    def terms(self) -> dict[int, Terms] | None:
        """Read the list anew, so that it can change while the run goes on; None without one.

        Raises
        ------
        UsageError
            If it is something else.
        FedrasError
            If it cannot be read.
        """
        if self.path is None:
            return None
        listed: dict[int, Terms] = {}
        named: set[int] = set()
        for where, row in _rows(self.path):
            users = _number(row["users"], where) if row["users"] else self.users
            former = tuple(_number(text, where) for text in row.get(_FORMER, "").split())
            numbers = _number(row["node"], where), *former
            if len(named | set(numbers)) < len(named) + len(numbers):
                raise UsageError(f"{where}: the number of a node is there twice")
            named.update(numbers)
            listed[numbers[0]] = Terms(users, former)
        return listed


EVERYBODY = Admission()
"""Whom the transport lets in, `USERS` each."""


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file, strict=True)
            names = tuple(table.fieldnames or ())
            if names not in {_COLUMNS, (*_COLUMNS, _FORMER)}:
                raise UsageError(f"{path}:1: expected the columns node,users or node,users,former")
            for row in table:
                where = f"{path}:{table.line_num}"
                if None in row or None in row.values():
                    raise UsageError(f"{where}: expected {','.join(names)}")
                yield where, {name: text.strip() for name, text in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise FedrasError(f"cannot read {path}: {error}") from None


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 20):
        raise UsageError(f"{where}: {text!r} is no number of a node and no count of users")
    return int(text)

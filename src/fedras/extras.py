"""What this package needs, what extras need, and how to get what is missing."""

import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_FOR_DEVELOPERS = {"test", "dev", "all"}
_EXTRA = re.compile(r"""\bextra == ["']([\w-]+)["']""")


@cache
def required() -> "dict[str, list[Requirement]]":
    """Return what is needed by extra, and under no name what always is."""
    from packaging.requirements import Requirement  # noqa: PLC0415 -- slow to import

    found: dict[str, list[Requirement]] = {"": []}
    try:
        lines = requires("fedras") or []
    except PackageNotFoundError:  # run from its sources
        lines = []
    for line in lines:
        extra = _EXTRA.search(line)
        name = extra[1] if extra else ""
        if name not in _FOR_DEVELOPERS:
            found.setdefault(name, []).append(Requirement(line.partition(";")[0]))
    return found


def installed(needed: "Requirement") -> str | None:
    """Return the version that is installed of a package, None if there is none."""
    try:
        return version(needed.name)
    except PackageNotFoundError:
        return None


def missing(extra: str = "") -> "list[Requirement]":
    """Return what an extra needs, or this package, that is not there or in another version."""
    return [
        each
        for each in required().get(extra, [])
        if not each.specifier.contains(installed(each) or "0", prereleases=True)
    ]


def install(extra: str) -> str:
    """Return the command that installs what an extra needs.

    It names the packages themselves: the name of this one finds it only where it is published.
    """
    names = [f'"{each}"' for each in required().get(extra, [])]
    return " ".join(["pip", "install", *(names or [f'".[{extra}]"'])])

"""What is said of options that cannot be meant."""

import reprlib

from pydantic import ValidationError

TOML = range(-(2**63), 2**63)
"""The whole numbers that TOML can hold."""

_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 60, 60


def explain(error: ValidationError) -> str:
    """Return the first complaint of pydantic as one line."""
    first = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"option {name}: {message}, got {shown(first['input'])}" if name else message


def option_named(name: str) -> str:
    """Return what a message calls an option."""
    return f"option {name if name.isidentifier() else shown(name)}"


def shown(value: object) -> str:
    """Return a value as a message shows it: short, on one line, whatever it is."""
    if isinstance(value, int) and not isinstance(value, bool) and value not in TOML:
        return "a number of more than 64 bits"
    return _SHORT.repr(value)

"""Terminals: one that is read as well on a light background as on a dark one, and in a pipe."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

STRONG, FAINT = "#0087af", "#808080"
"""Colours that differ enough from white and from black; text has the terminal's own."""

_OF_THE_TERMINAL = {"standard", "windows"}  # 16 colours, each of which is another everywhere
_WIDE = 10_000
_PLAIN = (
    "progress.description",
    "progress.download",
    "progress.elapsed",
    "progress.percentage",
    "progress.remaining",
    "progress.spinner",
    "status.spinner",
    "markdown.item.number",
    "markdown.table.border",
)
_BOLD = (
    "markdown.code",
    "markdown.h1",
    "markdown.h2",
    "markdown.item.bullet",
    "markdown.table.header",
)
_BARS = "bar.complete", "bar.finished", "bar.pulse"


def console(stderr: bool = False) -> "Console":
    """Return a console; what is no terminal is as wide as its longest line."""
    from rich.console import Console  # noqa: PLC0415 -- not needed for help
    from rich.theme import Theme  # noqa: PLC0415

    styles = dict.fromkeys(_PLAIN, "default") | dict.fromkeys(_BOLD, "bold default")
    styles |= dict.fromkeys(_BARS, STRONG) | {"bar.back": FAINT}
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    made = Console(stderr=stderr, highlight=False, theme=Theme(styles), width=width)
    if made.color_system in _OF_THE_TERMINAL:
        made.no_color = True
    return made

"""Help that is read on any terminal: without colours, with whole names and sentences, at any width.

Typer's own, with rich, has the colours of 16, which are pale on light terminals, and at 60 columns
it cuts the names of options.
"""

from typing import Any

import typer.core
from typer.core import TyperGroup

typer.core.HAS_RICH = False  # else it escapes brackets for rich, even where that does not print

PLAIN: dict[str, Any] = {
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}
"""What every `typer.Typer` here is given."""


class Group(TyperGroup):
    """Lists its commands with whole sentences."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write all commands, the first paragraph of each."""
        rows = [(name, self.summary_of(name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def summary_of(self, name: str) -> str:
        """Return the first paragraph of a command's help."""
        return self.commands[name].get_short_help_str(limit=10_000)

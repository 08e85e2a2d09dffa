"""How a text file separates its columns, found out from its first lines."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

_RARE_FIRST = ("::", "\t", ";", "|", ",")
_COMMENT = ("#", "%")
_BLOCK_TITLE = re.compile(r"\d+:\s*")
_NUMBERS = re.compile(r"[\d.eE+\-\s]+")
_IDS = re.compile(r'[^",;|:]+')
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
SPACES = " "

Numbered = tuple[int, str]
"""A line's number, from 1, and the line."""


class LineError(ValueError):
    """A line that is no row.

    Parameters
    ----------
    line
        Its number, from 1.
    problem
        What is wrong with it.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(frozen=True)
class Dialect:
    """How the rows of a text file are written.

    Attributes
    ----------
    separator
        What stands between two cells; a blank means any number of blanks and tabs.
    quoted, escaped
        Whether cells may stand in double quotes, and whether a backslash guards a quote in them.
    first
        The number of the first line that holds cells.
    layout
        "table"; "lists" of a user and its items; "blocks" of rows, each under a line ``item:``.
    """

    separator: str
    quoted: bool = False
    escaped: bool = False
    first: int = 1
    layout: str = "table"

    def rows(self, lines: Iterable[Numbered]) -> Iterator[tuple[int, list[str]]]:
        """Yield the cells of each line that is a row, with the line's number; slowly.

        Raises
        ------
        LineError
            If quotes are not closed.
        """
        lines = ((number, line) for number, line in lines if number >= self.first)
        if self.layout == "lists":
            return _list_rows(lines)
        if self.layout == "blocks":
            return _block_rows(lines)
        if self.quoted:
            return self._quoted_rows(lines)
        separator = None if self.separator == SPACES else self.separator
        return (
            (number, line.rstrip("\r\n").split(separator))
            for number, line in lines
            if not is_empty(line)
        )

    def _quoted_rows(self, lines: Iterable[Numbered]) -> Iterator[tuple[int, list[str]]]:
        last = self.first - 1

        def remembered() -> Iterator[str]:
            nonlocal last
            for number, line in lines:
                last = number
                yield line

        start = self.first
        limit = csv.field_size_limit(2**31 - 1)
        try:
            for cells in csv.reader(
                remembered(),
                delimiter=self.separator,
                escapechar="\\" if self.escaped else None,
                skipinitialspace=self.separator == SPACES,
                strict=True,
            ):
                if len(cells) > 1 or (cells and not is_empty(cells[0])):
                    yield start, cells
                start = last + 1
        except csv.Error as error:
            raise LineError(start, f"{error}; correct the quotes in this line") from None
        finally:
            csv.field_size_limit(limit)


def is_empty(line: str) -> bool:
    """Return whether a line holds nothing, or a comment."""
    return not line.strip() or line.startswith(_COMMENT)


def sniff(
    lines: list[str], tabs: bool = False, separator: str = "", layout: str = ""
) -> Dialect | None:
    """Return how these first lines of a file are written; None if they are empty.

    Parameters
    ----------
    lines
        Whole lines without their ends.
    tabs
        Whether the file's name promises tabs.
    separator, layout
        What separates the columns, and the layout, where that is known.
    """
    first = next((n for n, line in enumerate(lines, 1) if not is_empty(line)), None)
    if first is None:
        return None
    told = re.fullmatch(r"sep=(.)", lines[first - 1].strip())
    if told:  # as spreadsheets write it
        rest = sniff(lines[first:], tabs, told[1], layout)
        return rest and replace(rest, first=first + rest.first)
    full = [line for line in lines[first - 1 :] if not is_empty(line)]
    if not layout and _BLOCK_TITLE.fullmatch(full[0]):
        return Dialect(",", first=first, layout="blocks")
    chosen = separator or _separator(full, tabs)
    if layout == "lists" or (chosen == SPACES and not layout and _are_lists(full)):
        return Dialect(SPACES, first=first, layout="lists")
    quoted = chosen in {",", ";", "|"} or (len(chosen) == 1 and full[0].lstrip().startswith('"'))
    return Dialect(chosen, quoted, first=first)


def _separator(lines: list[str], tabs: bool) -> str:
    """Return what divides all lines into the same number of cells, and most of them.

    Of two that divide alike, the one that is rarer within cells counts.
    """
    if tabs and "\t" in lines[0]:
        return "\t"
    bare = [_QUOTED.sub("", line) for line in lines]
    counts = {s: [line.count(s) for line in bare] for s in _RARE_FIRST}
    even = {s: n[0] for s, n in counts.items() if n[0] and min(n) == max(n)}
    most = max(even.values(), default=0)
    if _blanks_divide(bare, most + 1):
        return SPACES
    if even:
        return max(even, key=lambda s: (even[s], -_RARE_FIRST.index(s)))
    if not any(n[0] for n in counts.values()) or _are_lists(bare):
        return SPACES
    return max(_RARE_FIRST, key=lambda s: sum(count > 0 for count in counts[s]))


def _blanks_divide(lines: list[str], cells: int) -> bool:
    """Return whether blanks and tabs divide numbers into rows of one width above ``cells``."""
    widths = {len(line.split()) for line in lines}
    return len(widths) == 1 and min(widths) > cells and all(map(_NUMBERS.fullmatch, lines))


def _are_lists(lines: list[str]) -> bool:
    """Return whether these are lines of ids of all lengths, rather than rows with some misfits."""
    widths = Counter(len(line.split()) for line in lines)
    return max(widths.values()) < 0.8 * len(lines) and all(map(_IDS.fullmatch, lines))


def _list_rows(lines: Iterable[Numbered]) -> Iterator[tuple[int, list[str]]]:
    for number, line in lines:
        user, *items = line.split() or [""]
        for item in items:
            yield number, [user, item]


def _block_rows(lines: Iterable[Numbered]) -> Iterator[tuple[int, list[str]]]:
    item = ""
    for number, line in lines:
        if _BLOCK_TITLE.fullmatch(line):
            item = line.strip()[:-1]
        elif line.strip():
            yield number, [item, *line.strip().split(",")]

"""From the ids and titles that people give to positions in the data."""

import difflib
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from fedras.arrays import Int64s
from fedras.errors import UsageError

_SHOWN = 3
_LISTED = 5
_COMPARED = 100_000  # ids; comparing more for a hint would take seconds


class Names:
    """The users or the items of a data set.

    Parameters
    ----------
    kind
        ``"user"`` or ``"item"``.
    source
        What the data is called.
    ids
        By position.
    titles
        By position, where there are any.
    """

    def __init__(
        self, kind: str, source: str, ids: Sequence[str], titles: Sequence[str] | None = None
    ) -> None:
        self.kind, self.source, self.ids, self.titles = kind, source, list(ids), titles

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.ids)}

    def places(self, wanted: Iterable[object]) -> Int64s:
        """Return int64[n], the positions of some ids.

        Raises
        ------
        UsageError
            If there are none, or some are unknown; the message has what comes closest.
        """
        texts = [str(name) for name in wanted]
        if not texts:
            raise UsageError(f"name at least one {self.kind} of {self.source}")
        unknown = list(dict.fromkeys(name for name in texts if name not in self._places))
        if unknown:
            raise UsageError(self._unknown(unknown))
        return np.array([self._places[name] for name in texts], np.int64)

    def titled(self, text: str) -> str:
        """Return the id of the one that ``text`` is the title of, or a part of one title only.

        Capitals do not matter.

        Raises
        ------
        UsageError
            If there is none, or several.
        """
        if self.titles is None:
            raise UsageError(f"{self.source} has no titles; name each {self.kind} by its id")
        wanted, titles = text.casefold().strip(), [title.casefold() for title in self.titles]
        found = [place for place, title in enumerate(titles) if title.strip() == wanted]
        if not found and wanted:
            found = [place for place, title in enumerate(titles) if wanted in title]
        if len(found) == 1:
            return self.ids[found[0]]
        if not found:
            close = difflib.get_close_matches(wanted, titles[:_COMPARED], n=1)
            hint = f"; did you mean {self.titles[titles.index(close[0])]!r}?" if close else ""
            raise UsageError(f"{self.source} has no {self.kind} with {text!r} in its title{hint}")
        some = ", ".join(f"{self.titles[place]!r} ({self.ids[place]})" for place in found[:_LISTED])
        more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
        raise UsageError(
            f"{text!r} is in the titles of {len(found)} {self.kind}s of {self.source}: "
            f"{some}{more}; say more of the title, or give the id"
        )

    def named(self, text: str) -> str:
        """Return the id that ``text`` is, or else the one that it is the title of (`titled`)."""
        if text in self._places or self.titles is None:
            return self.ids[int(self.places([text])[0])]
        return self.titled(text)

    def _unknown(self, names: list[str]) -> str:
        shown = ", ".join(repr(name) for name in names[:_SHOWN])
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        close = difflib.get_close_matches(names[0], self.ids[:_COMPARED], n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        some = ", ".join(self.ids[:_SHOWN]) + (", ..." if len(self.ids) > _SHOWN else "")
        s = "s" if len(names) > 1 else ""
        return (
            f"{self.source} has no {self.kind}{s} {shown}{more}; {hint}its {self.kind}s are {some}"
        )

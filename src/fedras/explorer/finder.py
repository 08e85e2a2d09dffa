"""Users and items by what somebody has typed of them so far."""

from collections.abc import Iterable, Sequence
from itertools import chain

LONGEST = 200
"""The most characters that can be searched for."""


class Finder:
    """Finds ids by the beginning of the id or the title, then by a part of one.

    Parameters
    ----------
    ids
        By position.
    titles
        By position, where there are any.
    order
        The positions in the order in which those that fit equally well are shown; by default 0,
        1, 2, ...
    """

    def __init__(
        self,
        ids: Sequence[str],
        titles: Sequence[str] | None = None,
        order: Iterable[int] | None = None,
    ) -> None:
        places = range(len(ids)) if order is None else order
        self._all = [
            (ids[at], ids[at].casefold(), "" if titles is None else titles[at].casefold())
            for at in places
        ]

    def __call__(self, text: str, k: int) -> list[str]:
        """Return at most ``k`` ids; capitals do not matter, and everything fits nothing typed."""
        wanted = text.strip().casefold()
        same, begin, contain = list[str](), list[str](), list[str]()
        for name, folded, title in self._all:
            if folded == wanted:
                same.append(name)
            elif folded.startswith(wanted) or title.startswith(wanted):
                begin.append(name)
                if not wanted and len(begin) == k:
                    break
            elif wanted in folded or wanted in title:
                contain.append(name)
        return list(chain(same, begin, contain))[:k]

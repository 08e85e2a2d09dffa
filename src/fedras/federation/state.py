"""What changes from round to round, on its way to the disk and back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from fedras.arrays import AnyArray, Arrays, Int64s


class State(NamedTuple):
    """All that changes from round to round.

    Attributes
    ----------
    arrays
        By name.
    values
        What JSON can hold of it.
    """

    arrays: Arrays
    values: dict[str, Any]

    def array(
        self, name: str, dtype: DTypeLike, shape: Sequence[int], finite: bool = True
    ) -> AnyArray:
        """Return a copy of an array.

        Parameters
        ----------
        name, dtype, shape
            Which, and what it must be.
        finite
            Whether neither infinity nor NaN may be in it.

        Raises
        ------
        ValueError
            If there is none, or another.
        """
        found = self.arrays.get(name)
        if found is None:
            raise ValueError(f"it has no {name}")
        if (found.dtype, found.shape) != (np.dtype(dtype), tuple(shape)):
            kind = f"{found.dtype}{list(found.shape)}"
            raise ValueError(f"its {name} are {kind}, not {np.dtype(dtype)}{list(shape)}")
        if finite and not np.isfinite(found).all():
            raise ValueError(f"its {name} are not finite")
        return found.copy()

    def places(self, name: str, count: int, end: int) -> Int64s:
        """Return int64[count], whose numbers say which of ``end`` things.

        Raises
        ------
        ValueError
            If there is none, or another.
        """
        found = self.array(name, np.int64, (count,))
        if not ((found >= 0) & (found < end)).all():
            raise ValueError(f"its {name} are of things that there are not")
        return found

    def column(self, name: str, dtype: DTypeLike) -> AnyArray:
        """Return `array` with one axis, of whatever length."""
        found = self.arrays.get(name)
        return self.array(name, dtype, (0 if found is None else found.size,))

    def bytes(self, name: str) -> bytes:
        """Return a column of bytes."""
        return self.column(name, np.uint8).tobytes()

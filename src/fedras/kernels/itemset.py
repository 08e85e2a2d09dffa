"""A set of item indices for compiled loops: open addressing in a plain int32 array."""

import numpy as np
from numpy.typing import NDArray

from fedras.kernels.jit import jit

_SPREAD = np.uint64(0x9E3779B97F4A7C15)
_S32 = np.uint64(32)


@jit
def empty(capacity: int) -> NDArray[np.int32]:
    """Return an empty set that stays at most half full with ``capacity`` members."""
    size = 8
    while size < 2 * capacity:
        size *= 2
    return np.full(size, -1, np.int32)


@jit
def _slot(members: NDArray[np.int32], item: int) -> int:
    """Return where ``item`` is, or the free slot where it belongs."""
    mask = len(members) - 1
    slot = int(np.int64((np.uint64(item) * _SPREAD) >> _S32)) & mask
    while members[slot] != -1 and members[slot] != item:
        slot = (slot + 1) & mask
    return slot


@jit
def contains(members: NDArray[np.int32], item: int) -> bool:
    """Return whether ``item`` is in the set."""
    return bool(members[_slot(members, item)] == item)


@jit
def add(members: NDArray[np.int32], item: int) -> bool:
    """Add ``item``; return whether it is new."""
    slot = _slot(members, item)
    if members[slot] == item:
        return False
    members[slot] = item
    return True

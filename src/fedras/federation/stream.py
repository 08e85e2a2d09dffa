"""What all clients of one budget hear, and hold when they have heard everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from fedras.arrays import Float32s
from fedras.methods.method import Memory


@dataclass(eq=False)
class Stream:
    """The updates that all clients of one budget hear.

    Attributes
    ----------
    budget
        What its clients may send and receive, in the method's unit.
    listeners
        How many clients hear it.
    replica
        float32[N, d], what they hold when they have heard everything.
    memory
        What the method remembers from round to round.
    log
        Bytes of all updates up to each version; version 0 is free, as it follows from the seed.
    snapshot
        Bytes of the last snapshot of the replica that was serialised (`catchup`).
    """

    budget: int
    listeners: int
    replica: Float32s
    memory: Memory = field(default_factory=dict)
    log: list[int] = field(default_factory=lambda: [0])
    snapshot: int = 0

    def fork(self, budget: int) -> "Stream":
        """Return a stream of another budget that nobody hears yet and that holds the same."""
        return Stream(budget, 0, self.replica.copy(), dict(self.memory), list(self.log))

    @classmethod
    def restored(cls, replica: Float32s, values: dict[str, Any], round_: int) -> "Stream":
        """Return what has this replica and these `values` after so many rounds.

        Raises
        ------
        LookupError, TypeError, ValueError
            If the values are those of something else.
        """
        require_log(values["log"], round_)
        return cls(replica=replica, **values)

    def values(self) -> dict[str, Any]:
        """Return all of it but the replica, as JSON has it."""
        return {name: value for name, value in vars(self).items() if name != "replica"}


def require_log(log: Sequence[int], round_: int) -> None:
    """Raise ValueError where a log is not that of so many rounds."""
    if len(log) != round_ + 1 or any(later < earlier for earlier, later in pairwise([0, *log])):
        raise ValueError(f"its record of what was sent is not of {round_} rounds")

"""Error feedback on the clients: what coding lost stays on the device until its next upload."""

import numpy as np

from fedras.arrays import AnyArray, Float32s
from fedras.codecs import RowUpdate
from fedras.federation.state import State


class Residuals:
    """What each client still owes the server, by item row.

    A client's residual is added to the rows that it trains this round and waits for the others, so
    that an upload touches no row that was not trained.
    """

    def __init__(self) -> None:
        self._owed: dict[int, dict[int, Float32s]] = {}

    def add(self, client: int, update: RowUpdate) -> RowUpdate:
        """Return ``update`` with the residual of its rows added."""
        owed = self._owed.get(client)
        if not owed:
            return update
        values = update.values.copy()
        for i, row in enumerate(update.rows.tolist()):
            if row in owed:
                values[i] += owed[row]
        return update.with_values(values)

    def keep(self, client: int, wanted: RowUpdate, sent: RowUpdate) -> None:
        """Remember what ``sent`` lacks of ``wanted``; both have the rows of this round."""
        lost = wanted.values.copy()
        _, mine, theirs = np.intersect1d(
            wanted.rows, sent.rows, assume_unique=True, return_indices=True
        )
        lost[mine] -= sent.values[theirs]
        self._owed.setdefault(client, {}).update(zip(wanted.rows.tolist(), lost, strict=True))

    def state(self, dim: int) -> dict[str, AnyArray]:
        """Return all residuals as arrays: client, row, and float32[n, dim]."""
        entries = [
            (client, row, lost) for client, rows in self._owed.items() for row, lost in rows.items()
        ]
        values = np.array([lost for *_, lost in entries], np.float32).reshape(len(entries), dim)
        return {
            "residual_client": np.array([client for client, *_ in entries], np.int64),
            "residual_row": np.array([row for _, row, _ in entries], np.int64),
            "residual": values,
        }

    @classmethod
    def restored(cls, state: State, clients: int, shape: tuple[int, ...]) -> "Residuals":
        """Return what `state` gave, of so many clients and a matrix of this shape.

        Raises
        ------
        ValueError
            If it is the state of others.
        """
        count = len(state.column("residual_client", np.int64))
        owner = state.places("residual_client", count, clients)
        row = state.places("residual_row", count, shape[0])
        lost = state.array("residual", np.float32, (count, shape[1]), finite=False)
        residuals = cls()
        for client, item, values in zip(owner.tolist(), row.tolist(), lost, strict=True):
            residuals._owed.setdefault(client, {})[item] = values
        return residuals

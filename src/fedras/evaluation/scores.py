"""The scores that users' own devices give."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fedras.arrays import Float32s, Int32s, Int64s
from fedras.core.updates import gather
from fedras.models import Model
from fedras.models.context import OFF, Context, Directions


class Ranked(NamedTuple):
    """What is evaluated: users and the item matrices that they rank with.

    Attributes
    ----------
    vectors
        float32[M, d], the users' vectors.
    items
        float32[S, N, d], the item matrices.
    scoring
        float32[P], the scoring model.
    stream
        int64[M], which item matrix each user holds.
    context
        What users' latest items add.
    """

    vectors: Float32s
    items: Float32s
    scoring: Float32s
    stream: Int64s
    context: Context = OFF


class Scorer:
    """Scores items for users, by the own vector, the own item matrix and the own items.

    Parameters
    ----------
    model, state
        What scores.
    indptr, items
        int64[M + 1] and int32[...]: user u has ``items[indptr[u]:indptr[u + 1]]``, in order.
    """

    def __init__(self, model: Model, state: Ranked, indptr: Int64s, items: Int32s) -> None:
        self.model, self.state = model, state
        self._rows = indptr, items
        self._directions: dict[int, Directions] = {}

    def __call__(self, users: Int64s) -> Float32s:
        """Return the scores of all items, float32[b, N], for users, int64[b]."""
        streams = self.state.stream[users]
        found = np.empty((len(users), self.state.items.shape[1]), np.float32)
        for stream in np.unique(streams).tolist():
            own = np.flatnonzero(streams == stream)
            (found[own],) = self.each(users[own], stream, None, [self.state.context])
        return found

    def each(
        self, users: Int64s, stream: int, candidates: Int32s | None, contexts: Sequence[Context]
    ) -> Iterator[Float32s]:
        """Yield the scores in each of several contexts: of candidates, int32[b, K], or all items.

        Parameters
        ----------
        users
            int64[b], who hold the same item matrix.
        stream
            Its number.
        """
        plain: dict[float, Float32s] = {}
        cosines: dict[float, Float32s] = {}
        for decay, weight, own in contexts:
            if own not in plain:
                plain[own] = self._plain(users, stream, candidates, own)
            if not weight:
                yield plain[own]
                continue
            if decay not in cosines:
                cosines[decay] = self._cosines(users, stream, candidates, decay)
            yield plain[own] + np.float32(weight) * cosines[decay]

    def _plain(self, users: Int64s, stream: int, candidates: Int32s | None, own: float) -> Float32s:
        """Return the model's scores, with so much of the users' own vectors."""
        state, vectors = self.state, self.state.vectors[users]
        if own != 1:
            vectors = self.model.prepared(np.float32(own) * vectors)
        return self.model.scores(vectors, state.items[stream], state.scoring, candidates)

    def _cosines(
        self, users: Int64s, stream: int, candidates: Int32s | None, decay: float
    ) -> Float32s:
        if stream not in self._directions:
            self._directions[stream] = Directions(self.state.items[stream])
        directions = self._directions[stream]
        items, bounds = gather(*self._rows, users)
        return directions.cosines(directions.of(bounds, items, decay), candidates)

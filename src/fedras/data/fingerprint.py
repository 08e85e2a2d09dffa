"""By what data is recognised, wherever it lies."""

import hashlib

import numpy as np

from fedras.data.interactions import Interactions


def fingerprint(interactions: Interactions) -> str:
    """Return a digest of the ids and the rows, by which data is recognised."""
    digest = hashlib.blake2b(digest_size=16)
    for ids in (interactions.user_ids, interactions.item_ids):
        digest.update("\n".join(ids.tolist()).encode())
    for rows in (interactions.indptr, interactions.items):
        digest.update(np.ascontiguousarray(rows).data)
    if interactions.tests is not None:
        digest.update(interactions.tests.data)
    if interactions.times is not None:
        digest.update(np.ascontiguousarray(interactions.times).view(np.uint8).data)
    return digest.hexdigest()

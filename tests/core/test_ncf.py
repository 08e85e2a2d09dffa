"""NCF in the core: the same bits on every instruction set, and what is refused.

What it computes is held against a plain network in tests/models/test_ncf.py.
"""

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from fedras.core import instructions
from fedras.core.scoring import score_ncf
from fedras.core.training import train_ncf

_DIGEST = """
import hashlib
import numpy as np
from helpers.cohorts import cohort, config, histories
from fedras.models.ncf import NCF

digest = hashlib.sha256()
for dim in (1, 7, 16, 33, 64):
    model = NCF(weight_decay=0.01)
    who = cohort(model, dim, histories(9), n_items=150)
    updates, networks = model.train(who, config(batch_size=100, local_epochs=2))
    scores = model.scores(who.vectors, who.replicas[0], networks[0], None)
    for found in (who.vectors, networks, scores, *(update.values for update in updates)):
        digest.update(np.ascontiguousarray(found).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.skipif(instructions == "plain", reason="there is nothing to compare")
def test_every_instruction_set_gives_the_same_bits() -> None:
    found = set()
    for core in ("plain", "avx2", None):  # None takes the largest registers that there are
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        environment.pop("FEDRAS_CORE", None)
        environment |= {} if core is None else {"FEDRAS_CORE": core}
        command = [sys.executable, "-c", _DIGEST]
        done = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
        found.add(done.stdout)
    assert len(found) == 1


def inputs(d: int = 3) -> dict[str, Any]:
    parameters = 2 * 64 * d + 64 + 32 * 65 + 16 * 33 + 17
    return {
        "vectors": np.zeros((1, d), np.float32),
        "replicas": np.zeros((1, 4, d), np.float32),
        "span": np.zeros((1, 0, d), np.float32),
        "stream": np.zeros(1, np.int64),
        "positives": np.array([3], np.int32),
        "bounds": np.array([0, 1]),
        "keys": np.ones(1, np.uint64),
        "settings": (1, 8, 2, 1.0, 0.0, 0.0, 0.1),
        "shares": np.ones(1),
        "networks": np.zeros((1, parameters), np.float32),
        "rows": np.zeros(3, np.int32),
        "values": np.zeros((3, d), np.float32),
        "starts": np.zeros(1, np.int64),
        "counts": np.zeros(1, np.int64),
    }


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("networks", np.zeros((1, 100), np.float32)),
        ("networks", np.zeros((2, inputs()["networks"].shape[1]), np.float32)),
        ("shares", np.ones(2)),
        ("span", np.zeros((1, 1, 4), np.float32)),
        ("stream", np.ones(1, np.int64)),
        ("positives", np.array([4], np.int32)),
        ("rows", np.zeros(2, np.int32)),
        ("settings", (0, 8, 2, 1.0, 0.0, 0.0, 0.1)),
        ("settings", (1, 0, 2, 1.0, 0.0, 0.0, 0.1)),
        ("settings", (1, 8, 3, 1.0, 0.0, 0.0, 0.1)),
    ],
)
def test_what_does_not_fit_is_refused(name: str, wrong: object) -> None:
    train_ncf(**inputs())
    given = inputs() | {name: wrong}
    if name == "settings" and isinstance(wrong, tuple) and wrong[2] == 3:
        given |= {"positives": np.array([3, 2], np.int32), "bounds": np.array([0, 2])}
    with pytest.raises(ValueError, match=r"there|of|match|outside|stream"):
        train_ncf(**given)


@pytest.mark.parametrize("bad", [-1, 4, 2**31 - 1])
def test_candidates_outside_are_refused(bad: int) -> None:
    given = inputs()
    items, network = given["replicas"][0], given["networks"][0]
    candidates = np.array([[0, 3]], np.int32)
    assert score_ncf(given["vectors"], items, network, candidates).tolist() == [[0, 0]]
    candidates[0, 1] = bad
    with pytest.raises(ValueError, match="outside"):
        score_ncf(given["vectors"], items, network, candidates)
    with pytest.raises(ValueError, match="lengths"):
        score_ncf(given["vectors"], items, network[1:], candidates)
    with pytest.raises(ValueError, match="each user"):
        score_ncf(given["vectors"], items, network, np.zeros((3, 2), np.int32))

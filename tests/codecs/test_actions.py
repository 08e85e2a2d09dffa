"""What `actions` and `plain` promise beyond the contract of a codec."""

import numpy as np
import pytest
from helpers.codec_samples import UPDATES, update
from hypothesis import given
from hypothesis import strategies as st

from fedras.codecs import Part, Payload, RowUpdate
from fedras.codecs.actions import Actions, pack_actions
from fedras.codecs.codec import decode
from fedras.codecs.plain import Plain
from fedras.errors import PayloadError

KEY = np.uint64(1)


def sent(payload: Payload) -> RowUpdate:
    return decode(Payload.from_bytes(payload.to_bytes(), payload.shape))


def same(one: RowUpdate, other: RowUpdate) -> bool:
    return (
        one.shape == other.shape
        and one.rows.tolist() == other.rows.tolist()
        and one.values.tobytes() == other.values.tobytes()
    )


@pytest.mark.parametrize("name", UPDATES)
def test_plain_loses_nothing(name: str) -> None:
    assert same(sent(Plain().encode(UPDATES[name], KEY)), UPDATES[name])


@given(st.integers(1, 40), st.integers(0, 40))
def test_actions_lose_nothing_within_the_limit(limit: int, n: int) -> None:
    sample = update(list(range(0, 2 * n, 2)), 80)
    payload = Actions(limit).encode(sample, KEY)
    heard = sent(payload)
    assert heard.rows.tolist() == sample.rows.tolist()
    if n <= limit:
        assert payload == Plain().encode(sample, KEY)
        assert same(heard, sample)
    else:
        assert len(np.unique(heard.values, axis=0)) <= limit
        assert len(payload.parts[Part.ACTIONS]) <= limit * 4 * 5


def test_every_row_gets_the_mean_of_the_rows_that_share_its_action() -> None:
    sample = update(list(range(50)), 50)
    heard = sent(Actions(6).encode(sample, KEY))
    for action in np.unique(heard.values, axis=0):
        mine = (heard.values == action).all(axis=1)
        mean = sample.values[mine].astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(action, mean, atol=1e-6)


def test_more_actions_lose_less() -> None:
    sample = update(list(range(200)), 200)
    loss = [
        float(((sent(Actions(k, 50).encode(sample, KEY)).values - sample.values) ** 2).sum())
        for k in (1, 5, 20, 80, 200)
    ]
    assert loss == sorted(loss, reverse=True)
    assert loss[-1] == 0


def test_an_index_takes_no_more_than_the_bits_it_needs() -> None:
    sample = update(list(range(64)), 64)
    for actions, bits in ((1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (17, 5)):
        assignment = (np.arange(64) % actions).astype(np.int32)
        payload = pack_actions(sample, sample.values[:actions], assignment, "f32", KEY)
        assert len(payload.parts[Part.ASSIGNMENTS]) <= 1 + 64 * bits // 8
        assert sent(payload).values.tolist() == sample.values[assignment].tolist()


def actions_payload(rows: bytes, index: bytes, actions: bytes) -> Payload:
    parts = {Part.ROWS: rows, Part.ASSIGNMENTS: index, Part.ACTIONS: actions}
    return Payload("actions", "f32", (6, 2), {int(part): data for part, data in parts.items()})


THREE = np.arange(6, dtype="<f4").tobytes()
GOOD = pack_actions(
    RowUpdate(np.array([1, 4, 5], np.int32), np.zeros((3, 2), np.float32), 6),
    np.arange(6, dtype=np.float32).reshape(3, 2),
    np.array([0, 2, 1], np.int32),
    "f32",
    KEY,
)
ROWS, INDEX = GOOD.parts[Part.ROWS], GOOD.parts[Part.ASSIGNMENTS]


def test_the_bad_payloads_below_are_near_a_good_one() -> None:
    heard = sent(actions_payload(ROWS, INDEX, THREE))
    assert heard.rows.tolist() == [1, 4, 5]
    assert heard.values.tolist() == [[0, 1], [4, 5], [2, 3]]


BAD = {
    "index beyond the actions": actions_payload(ROWS, INDEX[:-1] + b"\xff", THREE),
    "no actions": actions_payload(ROWS, b"", b""),
    "index too short": actions_payload(ROWS, b"", THREE),
    "index too long": actions_payload(ROWS, INDEX + b"\0", THREE),
    "half an action": actions_payload(ROWS, INDEX, THREE[:-4]),
    "half a float": actions_payload(ROWS, INDEX, THREE[:-1]),
    "infinite action": actions_payload(ROWS, INDEX, THREE[:-4] + np.float32(np.inf).tobytes()),
    "rows beyond the matrix": actions_payload(b"\0\x80", INDEX, THREE),
    "rows of another kind": actions_payload(b"\x07" + ROWS[1:], INDEX, THREE),
    "actions missing": Payload("actions", "f32", (6, 2), {1: ROWS, 2: INDEX}),
    "vectors missing": Payload("plain", "f32", (6, 2), {1: ROWS}),
    "too few vectors": Payload("plain", "f32", (6, 2), {1: ROWS, 4: THREE[:16]}),
    "too many vectors": Payload("plain", "f32", (6, 2), {1: ROWS, 4: THREE + THREE}),
    "no columns": Payload("plain", "f32", (6, 0), {1: ROWS, 4: b""}),
    "unknown codec": Payload("nobody's", "f32", (6, 2), {1: ROWS, 4: THREE}),
    "unknown numbers": Payload("plain", "f7", (6, 2), {1: ROWS, 4: THREE}),
    "unprintable codec": Payload("a\nb\x00", "f32", (6, 2), {1: ROWS, 4: THREE}),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_payloads_are_refused_in_one_line(case: str) -> None:
    with pytest.raises(PayloadError) as raised:
        sent(BAD[case])
    assert len(str(raised.value).splitlines()) == 1

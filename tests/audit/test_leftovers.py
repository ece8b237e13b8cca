"""What becomes of staged bytes that nobody has taken away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ledger.records import row
from tests.stream.chunks import START_MS, make_chunk
from vibesflow.audit.leftovers import adopt, chunk_of_key, may_go
from vibesflow.stream.ids import format_chunk_id, parse_chunk_id
from vibesflow.stream.records import RowStatus, StreamRecord
from vibesflow.stream.sessions import Sessions

RECORD = StreamRecord(rta_id="rta_1", creator="0xabc", opened_at="2025-11-22T16:30:00.000Z")


def sessions(*begun: tuple[int, str]) -> Sessions:
    made = Sessions()
    for started_at_ms, producer in begun:
        made.of(started_at_ms, producer).receive(0, is_final=False)
    return made


@given(
    rta_id=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,95}", fullmatch=True),
    sequence=st.integers(0, 10**8 - 1),
    epoch_ms=st.integers(0, 10**13 - 1),
    final=st.booleans(),
)
def test_every_key_says_which_chunk_it_is(
    rta_id: str, sequence: int, epoch_ms: int, final: bool
) -> None:
    chunk = parse_chunk_id(format_chunk_id(rta_id, sequence, epoch_ms, is_final=final))
    found = chunk_of_key(chunk.staging_key)
    assert found is not None
    assert (found.rta_id, found.key) == (chunk.rta_id, chunk.key)


@pytest.mark.parametrize(
    "key",
    ["rta_1/x", "rta_1/1-2", "rta_1/1-2-3-4", "rta_1/1-2-0", "rta_1/0000000000001-00000002-2"],
)
def test_other_keys_say_nothing(key: str) -> None:
    assert chunk_of_key(key) is None


@pytest.mark.parametrize(
    ("status", "other_bytes", "good_copies", "goes"),
    [
        (RowStatus.UPLOADED, False, 2, True),
        (RowStatus.UPLOADED, False, 3, True),
        (RowStatus.UPLOADED, False, 1, False),
        (RowStatus.UPLOADED, True, 2, False),
        (RowStatus.PROCESSING, False, 2, False),
        (RowStatus.FAILED, False, 2, False),
    ],
)
def test_only_confirmed_bytes_go(
    status: RowStatus, other_bytes: bool, good_copies: int, goes: bool
) -> None:
    standing = row(1, status)
    sha256 = "0" * 64 if other_bytes else standing.sha256
    assert may_go(standing, sha256=sha256, good_copies=good_copies, wanted=2) is goes


def test_an_orphan_is_adopted_as_its_sender_would_have_sent_it() -> None:
    sent = make_chunk(3, duration_ms=0).model_copy(update={"participants": 0})
    known = sessions((START_MS, ""), (START_MS + 10**7, ""), (START_MS - 10**7, ""))
    claim = adopt(sent.identity, size=sent.size, sha256=sent.sha256, record=RECORD, sessions=known)
    assert claim == sent


@pytest.mark.parametrize(
    ("record", "known"),
    [
        (None, sessions((START_MS, ""))),
        (RECORD, sessions()),
        (RECORD, sessions((START_MS + 10**9, ""))),
        (RECORD, sessions((START_MS, "a"), (START_MS, "b"))),
    ],
    ids=["no stream", "no session", "a later session", "several producers"],
)
def test_an_orphan_that_is_not_certain_is_left_to_a_person(
    record: StreamRecord | None, known: Sessions
) -> None:
    sent = make_chunk(3)
    found = adopt(sent.identity, size=500, sha256=sent.sha256, record=record, sessions=known)
    assert found is None

from __future__ import annotations

import pytest

from tests.stream.chunks import START_MS, make_chunk
from tests.stream.test_state import commit, document, receive, store, write_rows
from vibesflow.stream.completion import Decision, decide, settle_deadline_ms
from vibesflow.stream.state import RtaState

WINDOW_MS, SETTLE_MS = 360_000, 1_800_000


def decision(state: RtaState, after_ms: int = 0) -> Decision:
    return decide(state, now_ms=START_MS + after_ms, window_ms=WINDOW_MS, settle_ms=SETTLE_MS)


@pytest.fixture
def state() -> RtaState:
    return RtaState(rta_id="rta_1", opened=True)


def finish(state: RtaState) -> None:
    done = document(state.version + 1)
    state.note_completed(done, revision=state.revision, now_ms=START_MS)


def test_silence_completes_to_the_millisecond(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    write_rows(state)
    assert decision(state, WINDOW_MS - 1) is Decision.RECORD
    assert decision(state, WINDOW_MS) is Decision.COMPLETE


def test_a_chunk_that_is_being_stored_holds_everything(state: RtaState) -> None:
    receive(state, make_chunk(0, final=True))
    state.complete_requested = True
    assert decision(state, 10 * WINDOW_MS) is Decision.RECORD


def test_a_final_marker_completes_without_the_window(state: RtaState) -> None:
    first, last = make_chunk(0), make_chunk(1, final=True)
    receive(state, last)
    store(state, last)
    assert decision(state) is Decision.RECORD
    receive(state, first)
    store(state, first)
    assert decision(state) is Decision.SETTLE
    commit(state)
    write_rows(state)
    assert decision(state) is Decision.COMPLETE
    finish(state)
    assert decision(state) is Decision.LINGER
    commit(state)
    assert decision(state) is Decision.END


def test_confirmations_are_waited_for_no_longer_than_the_settle_time(state: RtaState) -> None:
    chunk = make_chunk(0, final=True)
    receive(state, chunk)
    store(state, chunk)
    state.finishing_since_ms = START_MS
    assert decision(state, SETTLE_MS - 1) is Decision.SETTLE
    assert decision(state, SETTLE_MS) is Decision.COMPLETE
    assert settle_deadline_ms(state, 0, SETTLE_MS) == START_MS + SETTLE_MS
    write_rows(state, unconfirmed_too=True)
    finish(state)
    assert decision(state) is Decision.LINGER
    commit(state)
    assert decision(state, WINDOW_MS) is Decision.COMPLETE


def test_by_hand(state: RtaState) -> None:
    chunk = make_chunk(3)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    write_rows(state)
    assert decision(state) is Decision.RECORD
    state.complete_requested = True
    assert decision(state) is Decision.COMPLETE


def test_a_stream_of_parked_chunks_stalls(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    state.park(chunk.key, "no provider")
    write_rows(state)
    assert decision(state) is Decision.RECORD
    assert decision(state, WINDOW_MS) is Decision.STALL


def test_a_duplicate_after_completion_makes_no_new_version(state: RtaState) -> None:
    chunk = make_chunk(0, final=True)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    write_rows(state)
    finish(state)
    commit(state)
    receive(state, chunk)
    assert decision(state) is Decision.END


def test_a_late_chunk_after_completion_asks_for_another_version(state: RtaState) -> None:
    chunk, late = make_chunk(1, final=True), make_chunk(0)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    write_rows(state)
    state.complete_requested = True
    finish(state)
    commit(state)
    assert decision(state) is Decision.END
    receive(state, late)
    store(state, late)
    commit(state)
    write_rows(state)
    assert decision(state) is Decision.COMPLETE


def test_a_final_marker_that_was_answered_hurries_nothing_that_comes_after(state: RtaState) -> None:
    """While its document waits to be confirmed the run goes on, and so does the stream."""
    chunk, late = make_chunk(0, final=True), make_chunk(0, session_ms=START_MS + 60_000)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    write_rows(state)
    assert decision(state) is Decision.COMPLETE
    finish(state)
    assert decision(state) is Decision.LINGER
    receive(state, late)
    store(state, late, cid="late")
    commit(state)
    write_rows(state)
    assert decision(state, WINDOW_MS - 1) is Decision.RECORD
    assert decision(state, WINDOW_MS) is Decision.COMPLETE


def test_each_version_has_a_settle_time_of_its_own(state: RtaState) -> None:
    """What the chain confirms one by one after completion makes one version, not one each."""
    chunks = [make_chunk(n) for n in range(3)]
    receive(state, *chunks)
    store(state, *chunks)
    state.finishing_since_ms = START_MS + WINDOW_MS
    due_ms = WINDOW_MS + SETTLE_MS
    assert decision(state, due_ms) is Decision.COMPLETE
    write_rows(state, unconfirmed_too=True)
    finish(state)
    assert decision(state, due_ms) is Decision.LINGER
    for confirmed in chunks[:2]:
        commit(state, 1, f"cid-{confirmed.sequence}")
        assert decision(state, due_ms) is Decision.SETTLE
        write_rows(state)
        assert decision(state, due_ms) is Decision.SETTLE
    commit(state, 1, "cid-2")
    assert decision(state, due_ms) is Decision.COMPLETE


def test_rows_that_were_written_while_a_document_was_published_are_not_in_it(
    state: RtaState,
) -> None:
    first, second = make_chunk(0), make_chunk(1)
    receive(state, first, second)
    store(state, first, second)
    commit(state, 1, "cid-0")
    write_rows(state)
    compiled_from = state.revision
    commit(state, 1, "cid-1")
    write_rows(state)
    state.note_completed(document(1), revision=compiled_from, now_ms=START_MS)
    commit(state, 1, "doc")
    assert decision(state, WINDOW_MS) is Decision.COMPLETE
    finish(state)
    commit(state)
    assert decision(state, WINDOW_MS) is Decision.END

from __future__ import annotations

import pytest

from tests.stream.chunks import START_MS, make_chunk
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.commits import BATCH_PIECES, StoredDocument
from vibesflow.stream.records import RowStatus, StreamRecord
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.state import MOST_RESTORES, RtaState
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.tracking import StoredPiece


def receive(state: RtaState, *chunks: ChunkRef) -> None:
    for chunk in chunks:
        state.take(chunk, now_ms=START_MS)
    state.admit_inbox()


def store(state: RtaState, *chunks: ChunkRef, cid: str | None = None, provider: int = 1) -> None:
    for chunk in chunks:
        piece = StoredPiece(
            piece_cid=cid or f"cid-{chunk.sequence}", provider_id=provider, base_url="http://p/"
        )
        state.note_stored(chunk.key, piece)


def commit(state: RtaState, nonce: str = "01") -> None:
    batch = state.next_batch(nonce)
    assert batch is not None
    state.note_committed(batch, 7, list(range(100, 100 + len(batch.pieces))), now_ms=START_MS)


def write_rows(state: RtaState, *, unconfirmed_too: bool = False) -> list[RowStatus]:
    writes = state.rows_to_write(limit=99, unconfirmed_too=unconfirmed_too, now_ms=START_MS)
    state.note_written(writes, {})
    return [write.row.status for write in writes]


@pytest.fixture
def state() -> RtaState:
    return RtaState(rta_id="rta_1", opened=True)


def test_a_chunk_goes_all_the_way_and_leaves(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    assert state.to_store() == [chunk.key]
    assert state.is_storing
    store(state, chunk)
    assert state.unconfirmed == 1
    assert state.has_pieces
    commit(state)
    (write,) = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=START_MS)
    assert write.previous is None
    assert (write.row.status, write.row.data_set_id, write.row.piece_id) == (
        RowStatus.UPLOADED,
        7,
        100,
    )
    assert write.row.staging_key is None
    state.note_written([write], {})
    assert state.chunks == {}
    assert state.releasable == [chunk.staging_key]
    assert (state.received, state.confirmed, state.confirmed_ms) == (1, 1, 60_000)
    assert state.has_changed


def test_a_duplicate_is_passed_over_at_any_time(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk, chunk)
    store(state, chunk)
    commit(state)
    receive(state, chunk)
    write_rows(state)
    receive(state, chunk)
    assert (state.received, state.duplicates) == (1, 3)
    assert state.to_store() == []


def test_other_bytes_under_a_known_id_are_not_taken(state: RtaState) -> None:
    receive(state, make_chunk(0), make_chunk(0, content=b"other" * 40))
    assert state.received == 1
    assert "other bytes" in (state.last_error or "")


def test_a_known_number_under_an_unknown_id_is_asked_of_the_table(state: RtaState) -> None:
    state.sessions.of(START_MS, "").receive(0, is_final=False)
    chunk = make_chunk(0)
    receive(state, chunk)
    assert state.suspects == [chunk]
    assert state.is_storing
    state.resolve_suspect(chunk, None)
    assert state.to_store() == [chunk.key]


def test_a_suspect_whose_row_is_confirmed_leaves_staging_again(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    (write,) = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=START_MS)
    state.note_written([write], {})
    state.settled.clear()  # as after a restart
    state.releasable.clear()
    receive(state, chunk)
    state.resolve_suspect(chunk, write.row)
    assert state.releasable == [chunk.staging_key]
    other = make_chunk(0, content=b"other" * 40)
    state.suspects.append(other)
    state.resolve_suspect(other, write.row)
    assert "other bytes" in (state.last_error or "")
    assert state.releasable == [chunk.staging_key]


def test_pieces_of_one_provider_wait_while_its_commit_is_in_flight(state: RtaState) -> None:
    chunks = [make_chunk(n) for n in range(3)]
    receive(state, *chunks)
    store(state, chunks[0])
    first = state.next_batch("01")
    assert first is not None
    store(state, chunks[1])
    assert state.next_batch("02") is None
    store(state, chunks[2], provider=2)
    other = state.next_batch("03")
    assert other is not None
    assert other.provider_id == 2
    state.note_committed(first, 7, [1], now_ms=START_MS)
    second = state.next_batch("04")
    assert second is not None
    assert (second.nonce, second.pieces) == ("04", ["cid-1"])


def test_a_batch_names_a_piece_once_and_is_bounded(state: RtaState) -> None:
    silent = [make_chunk(n) for n in range(3)]
    receive(state, *silent)
    store(state, *silent, cid="silence")
    batch = state.next_batch("01")
    assert batch is not None
    assert batch.pieces == ["silence"]
    late = make_chunk(3)
    receive(state, late)
    store(state, late, cid="silence")
    state.note_committed(batch, 7, [5], now_ms=START_MS)
    assert state.confirmed == 4
    assert {c.piece_id for c in state.chunks.values()} == {5}
    many = [make_chunk(n) for n in range(10, 60)]
    receive(state, *many)
    store(state, *many)
    batch = state.next_batch("02")
    assert batch is not None
    assert len(batch.pieces) == BATCH_PIECES
    assert state.count(ChunkPhase.STORED) == 10


def test_a_refused_commit_stores_anew_and_then_parks(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    for _ in range(MOST_RESTORES):
        store(state, chunk)
        batch = state.next_batch("01")
        assert batch is not None
        state.note_refused(batch, "not stored here")
        assert state.to_store() == [chunk.key]
    store(state, chunk)
    batch = state.next_batch("01")
    assert batch is not None
    state.note_refused(batch, "not stored here")
    assert state.count(ChunkPhase.PARKED) == 1
    assert not state.has_pieces
    assert write_rows(state) == [RowStatus.FAILED]


def test_a_refused_document_is_published_anew_a_few_times(state: RtaState) -> None:
    for turn in range(MOST_RESTORES + 2):
        revision = state.revision
        state.documents.append(StoredDocument(version=1, piece_cid="doc", provider_id=1))
        batch = state.next_batch("01")
        assert batch is not None
        state.note_refused(batch, "gone")
        assert state.documents == []
        assert state.revision == revision + (turn < MOST_RESTORES)


def test_a_parked_chunk_is_retried_on_request_or_when_it_is_sent_again(state: RtaState) -> None:
    chunk, other = make_chunk(0), make_chunk(1)
    receive(state, chunk, other)
    state.park(chunk.key, "no provider")
    store(state, other)
    state.park(other.key, "odd")
    assert write_rows(state) == [RowStatus.FAILED, RowStatus.FAILED]
    state.retry_parked()
    assert state.count(ChunkPhase.PARKED) == 2
    receive(state, chunk)
    assert state.to_store() == [chunk.key]
    state.park(chunk.key, "no provider")
    state.retry_requested = True
    state.retry_parked()
    assert state.count(ChunkPhase.RECEIVED, ChunkPhase.STORED) == 2
    store(state, chunk)
    commit(state)
    writes = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=START_MS)
    assert {w.previous for w in writes} == {RowStatus.FAILED}


def test_unconfirmed_chunks_get_rows_only_when_completion_waits_no_longer(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    assert write_rows(state, unconfirmed_too=True) == []
    store(state, chunk)
    assert write_rows(state) == []
    assert write_rows(state, unconfirmed_too=True) == [RowStatus.PROCESSING]
    commit(state)
    assert write_rows(state) == [RowStatus.UPLOADED]


def test_a_row_that_stands_with_other_content_keeps_the_bytes(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk)
    commit(state)
    writes = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=START_MS)
    state.note_written(writes, {chunk.chunk_id: "row differs"})
    assert state.chunks == {}
    assert state.releasable == []
    assert "stay in staging" in (state.last_error or "")


def test_rows_are_written_in_stream_order(state: RtaState) -> None:
    chunks = [make_chunk(2), make_chunk(0, session_ms=START_MS + 9), make_chunk(1)]
    receive(state, *chunks)
    store(state, *chunks)
    commit(state)
    writes = state.rows_to_write(limit=2, unconfirmed_too=False, now_ms=START_MS)
    assert [write.row.sequence for write in writes] == [1, 2]


def test_loading_takes_up_what_was_left(state: RtaState) -> None:
    parked, stored = make_chunk(0), make_chunk(1)
    receive(state, parked, stored)
    state.park(parked.key, "gave up")
    store(state, stored)
    rows = [w.row for w in state.rows_to_write(limit=9, unconfirmed_too=True, now_ms=START_MS)]
    fresh = RtaState(rta_id="rta_1")
    record = StreamRecord(
        rta_id="rta_1",
        creator="0xabc",
        opened_at="t",
        is_complete=True,
        chunks=5,
        uploaded=3,
        document_version=2,
        metadata_cid="doc",
    )
    sessions = Sessions()
    sessions.of(START_MS, "").receive(0, is_final=True)
    fresh.load(record, sessions, rows)
    assert (fresh.version, fresh.received, fresh.confirmed) == (2, 5, 3)
    assert fresh.count(ChunkPhase.PARKED) == fresh.count(ChunkPhase.STORED) == 1
    assert not fresh.has_changed
    assert not fresh.sessions.final_is_due
    fresh.load(record.model_copy(update={"is_complete": False}), Sessions(), [])
    assert fresh.has_changed


def test_state_survives_its_journey_and_forgets_what_it_may(state: RtaState) -> None:
    chunks = [make_chunk(n) for n in range(3)]
    receive(state, *chunks)
    store(state, *chunks[:2])
    commit(state)
    write_rows(state)
    carried = RtaState.model_validate_json(state.model_dump_json())
    assert carried.settled == {}
    assert carried.to_store() == [chunks[2].key]
    receive(carried, chunks[0])
    assert carried.suspects == [chunks[0]]

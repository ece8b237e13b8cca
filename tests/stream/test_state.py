from __future__ import annotations

import pytest

from tests.stream.chunks import START_MS, make_chunk
from vibesflow.data_set.orders import CommitDelayed, PiecesCommitted, PiecesRefused
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import RowStatus, StreamRecord
from vibesflow.stream.report import report_status
from vibesflow.stream.retrying import retry_parked
from vibesflow.stream.sessions import Sessions
from vibesflow.stream.setbacks import MOST_RESTORES, note_refused
from vibesflow.stream.shelf import Shelf
from vibesflow.stream.shelving import take_back
from vibesflow.stream.state import RtaState
from vibesflow.stream.status import ChunkPhase, StreamState


def receive(state: RtaState, *chunks: ChunkRef) -> None:
    for chunk in chunks:
        state.take(chunk, now_ms=START_MS)
    state.admit_inbox()


def store(
    state: RtaState,
    *chunks: ChunkRef,
    cid: str | None = None,
    providers: tuple[int, ...] = (1,),
    wanted: int | None = None,
) -> None:
    for chunk in chunks:
        piece = StoredPiece(
            piece_cid=cid or f"cid-{chunk.sequence}",
            wanted=wanted or len(providers),
            copies=[Copy(provider_id=p, base_url=f"http://{p}/") for p in providers],
        )
        state.note_stored(chunk.key, piece, now_ms=START_MS)


def commit(state: RtaState, provider_id: int = 1, *cids: str) -> None:
    stored = [c.stored for c in state.chunks.values()] + [d.stored for d in state.documents]
    named = cids or tuple(piece.piece_cid for piece in stored if piece)
    pieces = {cid: 100 + n for n, cid in enumerate(dict.fromkeys(named))}
    news = PiecesCommitted(provider_id=provider_id, data_set_id=7, pieces=pieces)
    state.note_committed(news, now_ms=START_MS)


def refuse(state: RtaState, provider_id: int, *cids: str) -> None:
    news = PiecesRefused(provider_id=provider_id, pieces=cids, reason="not here")
    note_refused(state, news, now_ms=START_MS)


def document(version: int = 1, cid: str = "doc") -> StoredDocument:
    stored = StoredPiece(piece_cid=cid, copies=[Copy(provider_id=1, base_url="http://1/")])
    return StoredDocument(version=version, size=500, stored=stored)


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


def test_a_chunk_is_confirmed_when_every_wanted_copy_is(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk, providers=(1, 2))
    commit(state, 2)
    assert state.count(ChunkPhase.COMMITTING) == state.unconfirmed == 1
    commit(state, 2)
    assert state.count(ChunkPhase.COMMITTING) == 1
    commit(state, 1)
    (write,) = state.rows_to_write(limit=9, unconfirmed_too=False, now_ms=START_MS)
    assert [copy.provider_id for copy in write.row.copies] == [1, 2]
    assert (write.row.provider_id, write.row.piece_id) == (1, 100)


def test_one_piece_serves_all_chunks_that_share_its_bytes(state: RtaState) -> None:
    silent = [make_chunk(n) for n in range(3)]
    receive(state, *silent)
    store(state, *silent, cid="silence")
    commit(state)
    assert state.confirmed == 3
    assert {c.stored.first.piece_id for c in state.chunks.values() if c.stored} == {100}


def test_news_that_come_before_their_chunk_is_stored_are_kept(state: RtaState) -> None:
    early, late = make_chunk(0), make_chunk(1)
    receive(state, early, late)
    commit(state, 1, "cid-0")
    store(state, early)
    assert state.confirmed == 1
    store(state, late)
    assert state.early == []


def test_a_refused_copy_is_ordered_elsewhere(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk, providers=(1, 2))
    refuse(state, 2, "cid-0")
    (lacking,) = state.to_place()
    assert lacking.stored is not None
    assert [copy.provider_id for copy in lacking.stored.copies] == [1]
    commit(state, 1)
    more = StoredPiece(
        piece_cid="cid-0",
        wanted=2,
        copies=[Copy(provider_id=1, base_url="x"), Copy(provider_id=3, base_url="y")],
    )
    state.note_placed({"cid-0": more}, now_ms=START_MS)
    assert state.to_place() == []
    commit(state, 3)
    assert state.confirmed == 1
    assert state.refusals == 0


def test_a_piece_that_nobody_takes_is_stored_anew_and_then_parked(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    for _ in range(MOST_RESTORES):
        store(state, chunk)
        refuse(state, 1, "cid-0")
        assert state.to_store() == [chunk.key]
    store(state, chunk)
    refuse(state, 1, "cid-0")
    assert state.count(ChunkPhase.PARKED) == 1
    assert not state.has_pieces
    assert write_rows(state) == [RowStatus.FAILED]


def test_a_refused_document_is_published_anew_a_few_times(state: RtaState) -> None:
    for turn in range(MOST_RESTORES + 2):
        revision = state.revision
        state.documents.append(document())
        refuse(state, 1, "other")
        assert len(state.documents) == 1
        refuse(state, 1, "doc")
        assert state.documents == []
        assert state.revision == revision + (turn < MOST_RESTORES)


def test_what_only_a_person_can_change_is_said_until_it_changes(state: RtaState) -> None:
    chunk = make_chunk(0)
    receive(state, chunk)
    store(state, chunk)
    state.note_delayed(CommitDelayed(provider_id=1, reason="the wallet is empty"))
    status = report_status(state, StreamState.RECORDING, window_s=360)
    assert status.waiting_for == "the wallet is empty"
    commit(state)
    assert report_status(state, StreamState.RECORDING, window_s=360).waiting_for is None


def test_a_parked_chunk_is_retried_on_request_or_when_it_is_sent_again(state: RtaState) -> None:
    chunk, other = make_chunk(0), make_chunk(1)
    receive(state, chunk, other)
    state.park(chunk.key, "no provider")
    store(state, other)
    state.park(other.key, "odd")
    assert write_rows(state) == [RowStatus.FAILED, RowStatus.FAILED]
    retry_parked(state)
    assert state.count(ChunkPhase.PARKED) == 2
    receive(state, chunk)
    assert state.to_store() == [chunk.key]
    state.park(chunk.key, "no provider")
    state.retry_requested = True
    retry_parked(state)
    assert state.count(ChunkPhase.RECEIVED) == 2
    store(state, chunk, other)
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
    shelf = Shelf()
    for row in rows:
        shelf.put_row(row)
    fresh.load(record, sessions, shelf)
    assert (fresh.parked, fresh.unconfirmed) == (1, 1)
    assert take_back(fresh, rows[1:]) == 1
    fresh.retry_requested = True
    retry_parked(fresh)
    assert fresh.is_storing
    assert take_back(fresh, rows[:1]) == 1
    assert (fresh.version, fresh.received, fresh.confirmed) == (2, 5, 3)
    assert fresh.count(ChunkPhase.RECEIVED) == fresh.count(ChunkPhase.STORED) == 1
    assert len(fresh.to_place()) == 1
    assert not fresh.has_changed
    assert not fresh.sessions.final_is_due
    fresh.load(record.model_copy(update={"is_complete": False}), Sessions(), Shelf())
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


def test_a_suspect_that_comes_again_is_one_chunk(state: RtaState) -> None:
    known, suspect = make_chunk(0, final=True), make_chunk(0)
    other = suspect.model_copy(update={"sha256": "f" * 64})
    receive(state, known, suspect, suspect, other)
    assert state.suspects == [suspect]
    state.resolve_suspect(suspect, None)
    assert (state.received, state.duplicates) == (2, 1)
    assert state.chunks[suspect.key].ref == suspect

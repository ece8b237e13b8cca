from __future__ import annotations

import pytest

from tests.samples import (
    CREATOR,
    RTA,
    T0_MS,
    chunk_id_of,
    chunk_row,
    chunk_view,
    piece_cid_of_sequence,
    stream_record,
    stream_status,
)
from vibesflow.query.compose import compose_stream, is_complete, merge_entries, open_stream_of
from vibesflow.query.views import LiveSnapshot
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import ChunkPhase, SessionGap, StreamState


def only(*args, **kwargs):
    entries = merge_entries(*args, **kwargs)
    assert len(entries) == 1
    return entries[0]


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        (ChunkPhase.RECEIVED, RowStatus.PROCESSING),
        (ChunkPhase.STORED, RowStatus.PROCESSING),
        (ChunkPhase.COMMITTING, RowStatus.PROCESSING),
        (ChunkPhase.CONFIRMED, RowStatus.UPLOADED),
        (ChunkPhase.PARKED, RowStatus.FAILED),
    ],
)
def test_every_phase_has_a_status(phase, status):
    assert only([], [chunk_view(0, phase)]).status is status


def test_a_row_alone_is_shown_whole():
    entry = only([chunk_row(4)], [])
    assert (entry.status, entry.piece_id, entry.data_set_id) == (RowStatus.UPLOADED, 4, 7)
    assert entry.piece_cid == piece_cid_of_sequence(4)
    assert entry.retrieval_url.endswith(entry.piece_cid)


def test_a_confirmed_row_outranks_an_earlier_view():
    entry = only([chunk_row(1)], [chunk_view(1, ChunkPhase.COMMITTING)])
    assert entry.status is RowStatus.UPLOADED
    assert entry.piece_id == 1


def test_a_view_outranks_a_parked_row_that_is_tried_again():
    row = chunk_row(1, RowStatus.FAILED)
    entry = only([row], [chunk_view(1, ChunkPhase.RECEIVED)])
    assert entry.status is RowStatus.PROCESSING
    assert entry.error is None


def test_a_view_keeps_the_piece_cid_that_only_the_row_knows():
    row = chunk_row(1, RowStatus.PROCESSING)
    entry = only([row], [chunk_view(1, ChunkPhase.PARKED, error="refused")])
    assert (entry.status, entry.error) == (RowStatus.FAILED, "refused")
    assert entry.piece_cid == row.piece_cid


def test_two_spellings_of_one_chunk_are_one():
    short = chunk_id_of(7).replace("_chunk_007_", "_chunk_7_")
    assert only([chunk_row(7)], [chunk_view(7, ChunkPhase.STORED, chunk_id=short)])


def test_an_id_that_does_not_parse_stands_for_itself():
    odd = [chunk_row(0, chunk_id="left-by-an-older-writer"), chunk_row(0)]
    assert len(merge_entries(odd, [])) == 2


def test_chunks_come_in_stream_order_whatever_their_source():
    later_session = chunk_view(
        0,
        ChunkPhase.STORED,
        chunk_id=chunk_id_of(0).replace(str(T0_MS), str(T0_MS + 9_000_000)),
        session_started_at_ms=T0_MS + 9_000_000,
    )
    entries = merge_entries(
        [chunk_row(12), chunk_row(3)], [later_session, chunk_view(5, ChunkPhase.RECEIVED)]
    )
    assert [entry.sequence for entry in entries] == [3, 5, 12, 0]


def test_a_second_producer_follows_the_first():
    entries = merge_entries(
        [chunk_row(0, producer="b"), chunk_row(1), chunk_row(2, producer="b")], []
    )
    assert [(e.producer, e.sequence) for e in entries] == [("", 1), ("b", 0), ("b", 2)]


def test_nobody_knows_it():
    assert compose_stream(RTA, record=None) is None


def test_an_open_run_without_a_record_is_a_stream():
    view = compose_stream(RTA, record=None, running=True)
    assert view is not None
    assert (view.is_complete, view.chunks, view.creator, view.live) == (False, (), "", False)


def test_the_running_stream_names_creator_gaps_and_data_set():
    gap = SessionGap(session_started_at_ms=T0_MS, missing=(1,), missing_count=1)
    status = stream_status(data_set_id=9, missing=(gap,), waiting_for="funds")
    live = LiveSnapshot(status=status, chunks=(chunk_view(2, ChunkPhase.RECEIVED),))
    view = compose_stream(RTA, record=None, live=live, running=True)
    assert view is not None
    assert (view.creator, view.data_set_id, view.waiting_for) == (CREATOR, "9", "funds")
    assert (view.missing, view.live) == ((gap,), True)


def test_gaps_are_found_in_the_rows_when_no_stream_answers():
    view = compose_stream(RTA, record=stream_record(), rows=[chunk_row(0), chunk_row(3)])
    assert view is not None
    assert view.missing[0].missing == (1, 2)


def test_counts_by_status():
    rows = [chunk_row(0), chunk_row(1), chunk_row(2, RowStatus.FAILED)]
    view = compose_stream(RTA, record=stream_record(), rows=rows)
    assert view is not None
    assert [view.count(status) for status in RowStatus] == [0, 2, 1, 0]


def test_record_stands_in_for_a_silent_stream():
    record = stream_record(data_set_id="7", storage_provider="0xdef", metadata_cid="bafk")
    view = compose_stream(RTA, record=record)
    assert view is not None
    assert (view.data_set_id, view.storage_provider) == ("7", "0xdef")
    assert view.metadata_cid == "bafk"


COMPLETE_V1 = stream_record(is_complete=True, document_version=1)


@pytest.mark.parametrize(
    ("record", "state", "version", "expected"),
    [
        (None, StreamState.COMPLETE, 1, False),
        (stream_record(), None, 0, False),
        (stream_record(document_version=1), StreamState.RECORDING, 1, False),
        (COMPLETE_V1, None, 0, True),
        (COMPLETE_V1, StreamState.COMPLETE, 1, True),
        (COMPLETE_V1, StreamState.FINISHING, 0, True),
        (COMPLETE_V1, StreamState.RECORDING, 1, False),
        (COMPLETE_V1, StreamState.STALLED, 1, False),
    ],
    ids=[
        "no record yet",
        "recording, silent",
        "reopened",
        "complete, no run",
        "complete, tail is settled",
        "view taken just before completion",
        "late chunk, table not told yet",
        "reopened and stalled",
    ],
)
def test_who_has_the_last_word_on_completion(record, state, version, expected):
    live = state and LiveSnapshot(status=stream_status(state, document_version=version))
    assert is_complete(record, live) is expected


def test_an_open_stream_is_counted_from_its_rows():
    rows = [chunk_row(0), chunk_row(1, RowStatus.PROCESSING), chunk_row(2, RowStatus.FAILED)]
    rows.append(chunk_row(3, chunk_id=chunk_id_of(3, is_final=True), is_final=True))
    counted = open_stream_of(stream_record(), rows)
    assert (counted.chunks, counted.with_piece, counted.final) == (4, 3, 1)

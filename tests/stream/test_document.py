from __future__ import annotations

import json

from tests.stream.chunks import START_MS, make_chunk
from vibesflow.stream.document import (
    Home,
    compile_document,
    details_of,
    home_of,
    in_stream_order,
)
from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.times import iso_utc, minutes_seconds
from vibesflow.stream.tracking import TrackedChunk

RECORD = StreamRecord(rta_id="rta_1", creator="0xabc", opened_at="t", metadata_cid="v1")


def row(sequence: int, *, parked: bool = False, final: bool = False, **kwargs: int) -> ChunkRow:
    chunk = TrackedChunk(ref=make_chunk(sequence, final=final, **kwargs))  # type: ignore[arg-type]
    if parked:
        chunk.phase, chunk.error = ChunkPhase.PARKED, "gave up"
        return chunk.to_row(RowStatus.FAILED, written_at="t")
    chunk.stored = StoredPiece(
        piece_cid=f"cid-{sequence}", copies=[Copy(provider_id=1, base_url="u/")]
    )
    return chunk.to_row(RowStatus.UPLOADED, written_at="t")


def test_the_document_is_the_same_bytes_for_the_same_rows() -> None:
    rows = [row(2, final=True), row(0), row(3, parked=True, session_ms=START_MS + 1)]
    one = compile_document(RECORD, rows, version=2, compiled_at="now")
    two = compile_document(RECORD, rows[::-1], version=2, compiled_at="now")
    assert one == two
    document = json.loads(one)
    assert [entry["sequence"] for entry in document["chunks"]] == [0, 2]
    assert document["previous"] == "v1"
    assert document["version"] == 2
    assert document["missing"][0]["missing"] == [1]
    assert document["failed"][0]["error"] == "gave up"
    assert document["total_duration_ms"] == 120_000


def test_order_is_session_then_producer_then_sequence() -> None:
    rows = [row(0, session_ms=START_MS + 5), row(10), row(9)]
    assert [(r.session_started_at_ms, r.sequence) for r in in_stream_order(rows)] == [
        (START_MS, 9),
        (START_MS, 10),
        (START_MS + 5, 0),
    ]


def test_details_show_only_what_has_a_piece() -> None:
    (detail,) = details_of([row(1), row(0, parked=True)])
    assert (detail.sequence, detail.piece_cid, detail.owner) == (1, "cid-1", "0xabc")


def test_lists_name_the_lowest_data_set_and_the_first_chunk_s_place() -> None:
    details = details_of([row(0), row(1)])
    assert home_of(details) == Home(None, "u")
    numbered = [details[0].model_copy(update={"data_set_id": n}) for n in (12, 9)]
    assert home_of(numbered).data_set_id == "9"
    assert home_of(()) == Home(None, None)


def test_times() -> None:
    assert iso_utc(1_763_829_000_123) == "2025-11-22T16:30:00.123Z"
    assert minutes_seconds(3_723_400) == "62:03"
    assert minutes_seconds(0) == "0:00"

"""Opening streams and settling rows: counters move by exactly what the rows say."""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.records import AT, CREATOR, RTA, new, opening, row
from vibesflow.errors import ChunkConflict, StreamNotFound
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import TableSettings
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import RowStatus, RowWrite, StreamRecord

UPLOADED, PROCESSING, FAILED = RowStatus.UPLOADED, RowStatus.PROCESSING, RowStatus.FAILED


@pytest.fixture(autouse=True)
def opened(ledger: DynamoLedger) -> StreamRecord:
    return ledger.open_stream(opening())


def standing(ledger: DynamoLedger) -> StreamRecord:
    record = ledger.get_stream(RTA)
    assert record is not None
    return record


def counters(ledger: DynamoLedger) -> tuple[int, int, int, int, int]:
    record = standing(ledger)
    return (
        record.chunks,
        record.uploaded,
        record.failed,
        record.total_bytes,
        record.total_duration_ms,
    )


def recount(ledger: DynamoLedger) -> tuple[int, int, int, int, int]:
    rows = list(ledger.list_chunks(RTA))
    counted = [r for r in rows if r.piece_cid]
    return (
        len(rows),
        sum(r.status is UPLOADED for r in rows),
        sum(r.status is FAILED for r in rows),
        sum(r.size for r in counted),
        sum(r.duration_ms for r in counted),
    )


def test_a_stream_is_opened_once(ledger: DynamoLedger, opened: StreamRecord) -> None:
    again = ledger.open_stream(opening(creator="somebody.else", at="2026-01-01T00:00:00.000Z"))
    assert again == opened == standing(ledger)
    assert (opened.creator, opened.opened_at, opened.rev, opened.is_complete) == (
        CREATOR,
        AT,
        1,
        False,
    )


def test_what_is_not_there_is_none(ledger: DynamoLedger) -> None:
    assert ledger.get_stream("rta_other") is None
    assert ledger.get_chunk(RTA, row(1).chunk_id) is None
    assert list(ledger.list_chunks("rta_other")) == []


def test_rows_come_back_as_written_and_in_table_order(ledger: DynamoLedger) -> None:
    writes = [new(n, status) for n, status in ((12, UPLOADED), (3, FAILED), (1_000, PROCESSING))]
    assert ledger.settle_rows(RTA, writes) == 3
    by_time = sorted((w.row for w in writes), key=lambda r: r.started_at_ms)
    assert list(ledger.list_chunks(RTA)) == by_time
    keys = [parse_chunk_id(row.chunk_id).key for row in by_time]
    assert list(ledger.list_chunks(RTA, after=keys[0])) == by_time[1:]
    assert list(ledger.list_chunks(RTA, since=keys[1])) == by_time[1:]
    between = keys[0][:-1] + "1"  # of a chunk that has no row
    assert list(ledger.list_chunks(RTA, since=between)) == by_time[1:]
    assert ledger.get_chunk(RTA, by_time[0].chunk_id) == by_time[0]


def test_two_spellings_of_a_chunk_id_meet_in_one_row(ledger: DynamoLedger) -> None:
    ledger.settle_rows(RTA, [new(7)])
    spelled_otherwise = row(7).chunk_id.replace("_chunk_007_", "_chunk_7_")
    assert ledger.get_chunk(RTA, spelled_otherwise) == row(7)
    again = RowWrite(row=row(7, chunk_id=spelled_otherwise))
    assert ledger.settle_rows(RTA, [again]) == 0


def test_ids_that_do_not_parse_have_their_row_too(ledger: DynamoLedger) -> None:
    odd = row(1, chunk_id="made by hand")
    ledger.settle_rows(RTA, [RowWrite(row=odd)])
    assert ledger.get_chunk(RTA, "made by hand") == odd
    assert list(ledger.list_chunks(RTA)) == [odd]


def test_more_than_one_transaction(ledger: DynamoLedger) -> None:
    assert ledger.settle_rows(RTA, [new(n) for n in range(95)]) == 95
    assert counters(ledger) == recount(ledger)
    assert standing(ledger).rev == 1 + 3


def test_nothing_to_write_writes_nothing(ledger: DynamoLedger) -> None:
    assert ledger.settle_rows(RTA, []) == 0
    assert standing(ledger).rev == 1


@pytest.mark.parametrize(
    "path",
    [
        [(PROCESSING, True), (UPLOADED, True)],
        [(PROCESSING, True), (FAILED, True), (UPLOADED, True)],
        [(PROCESSING, True), (FAILED, False), (UPLOADED, True)],
        [(FAILED, False), (UPLOADED, True)],
        [(FAILED, True), (UPLOADED, True)],
        [(FAILED, False), (PROCESSING, True), (FAILED, True), (PROCESSING, True), (UPLOADED, True)],
        [(FAILED, False), (FAILED, True), (FAILED, False)],
    ],
)
def test_counters_follow_a_row_through_its_states(
    ledger: DynamoLedger, path: list[tuple[RowStatus, bool]]
) -> None:
    previous = None
    for step, (status, with_piece) in enumerate(path):
        moved = row(1, status, with_piece=with_piece, duration_ms=60_000 + step)
        assert ledger.settle_rows(RTA, [RowWrite(row=moved, previous=previous)]) == 1
        assert list(ledger.list_chunks(RTA)) == [moved]
        assert counters(ledger) == recount(ledger)
        assert standing(ledger).rev == 2 + step
        previous = status


def test_the_same_call_again_changes_nothing(ledger: DynamoLedger) -> None:
    writes = [new(1), new(2, FAILED), new(3, PROCESSING)]
    ledger.settle_rows(RTA, writes)
    before = standing(ledger)
    assert ledger.settle_rows(RTA, writes) == 0
    assert ledger.settle_rows(RTA, [*writes, new(4)]) == 1
    assert standing(ledger).rev == before.rev + 1
    assert counters(ledger) == recount(ledger)


def test_a_chunk_twice_in_one_call_counts_once(ledger: DynamoLedger) -> None:
    parked_then_stored = [new(1, FAILED), RowWrite(row=row(1), previous=FAILED), new(2), new(2)]
    assert ledger.settle_rows(RTA, parked_then_stored) == 3
    assert counters(ledger) == recount(ledger)


@pytest.mark.parametrize(
    ("second", "previous"),
    [
        (row(1, sha256="0" * 64), None),
        (row(1, sha256="0" * 64), UPLOADED),
        (row(1, FAILED), None),
        (row(1, FAILED), PROCESSING),
        (row(2), FAILED),
    ],
)
def test_a_row_that_stands_otherwise_is_a_conflict(
    ledger: DynamoLedger, second: object, previous: RowStatus | None
) -> None:
    ledger.settle_rows(RTA, [new(1)])
    before = standing(ledger), list(ledger.list_chunks(RTA))
    write = RowWrite.model_validate({"row": second, "previous": previous})
    with pytest.raises(ChunkConflict):
        ledger.settle_rows(RTA, [new(3), write])
    assert (standing(ledger), list(ledger.list_chunks(RTA))) == before


def test_rows_of_another_stream_are_refused(ledger: DynamoLedger) -> None:
    with pytest.raises(ChunkConflict):
        ledger.settle_rows("rta_other", [new(1)])


def test_a_stream_that_was_never_opened_takes_no_rows(ledger: DynamoLedger) -> None:
    with pytest.raises(StreamNotFound):
        ledger.settle_rows("rta_other", [new(1, rta_id="rta_other")])
    assert list(ledger.list_chunks("rta_other")) == []


def test_the_table_speaks_the_old_names(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings
) -> None:
    ledger.settle_rows(RTA, [new(1), new(2, FAILED, error="x" * 5_000)])
    items = client.query(
        TableName=table_settings.chunks_name,
        KeyConditionExpression="#rta = :rta",
        ExpressionAttributeNames={"#rta": "rta_id"},
        ExpressionAttributeValues={":rta": {"S": RTA}},
    )["Items"]
    uploaded, failed = items
    assert uploaded["chunk_key"] == {"S": f"C#{row(1).started_at_ms:013d}#00000001#0"}
    assert uploaded["cid"] == {"S": row(1).piece_cid}
    assert uploaded["root_id"] == {"S": "1"}
    assert uploaded["data_set_id"] == {"S": str(2**200)}
    assert uploaded["duration"] == {"N": "60.001"}
    assert uploaded["duration_ms"] == {"N": "60001"}
    assert uploaded["uploadedAt"] == {"S": AT}
    assert uploaded["owner"] == uploaded["creator"] == {"S": CREATOR}
    assert uploaded["filcdn_url"] == {"S": row(1).retrieval_url}
    for flag in ("synapse_confirmed", "upload_complete", "root_added"):
        assert uploaded[flag] == {"BOOL": True}
        assert failed[flag] == {"BOOL": False}
    assert uploaded["pinata_fallback"] == {"BOOL": False}
    assert "error" not in uploaded
    assert "staging_key" not in uploaded
    assert "cid" not in failed
    assert failed["status"] == {"S": "failed"}
    assert len(failed["error"]["S"]) == 1_000

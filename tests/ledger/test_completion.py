"""Completing, reopening and completing again: once per version, whoever else tries."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.records import AT, RTA, completion, detail, new, opening, row
from vibesflow.errors import LedgerMoved, StreamClosed, StreamNotFound, VibesflowError
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import TableSettings
from vibesflow.stream.records import RowStatus, RowWrite, StreamRecord

LATER = "2025-12-01T00:00:00.000Z"


@pytest.fixture(autouse=True)
def recorded(ledger: DynamoLedger) -> int:
    """Return the rev of a stream of three chunks."""
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(n) for n in range(3)])
    return standing(ledger).rev


def standing(ledger: DynamoLedger) -> StreamRecord:
    record = ledger.get_stream(RTA)
    assert record is not None
    return record


def test_a_completion_says_everything_at_once(ledger: DynamoLedger, recorded: int) -> None:
    record = ledger.complete_stream(completion(recorded))
    assert record == standing(ledger)
    assert record.model_dump() == {
        "rta_id": RTA,
        "creator": "creator.near",
        "opened_at": AT,
        "is_complete": True,
        "chunks": 3,
        "uploaded": 3,
        "failed": 0,
        "pinned": 0,
        "total_bytes": 3_000_003,
        "total_duration_ms": 180_003,
        "rev": recorded + 1,
        "document_version": 1,
        "detail_rev": recorded,
        "metadata_cid": "bafkzcibdocument",
        "completed_at": AT,
        "data_set_id": "7",
        "storage_provider": "0x00000000000000000000000000000000000000AA",
        "first_chunk_url": row(0).retrieval_url,
        "last_chunk_url": row(2).retrieval_url,
        "filcdn_base": "https://provider.example/piece",
        "audited_at": None,
        "audit_result": None,
    }


def test_the_table_has_the_old_display_values(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings, recorded: int
) -> None:
    long = completion(recorded, chunks=75).model_copy(
        update={"details": tuple(detail(n) for n in range(75))}
    )
    ledger.complete_stream(long)
    item = client.get_item(TableName=table_settings.metadata_name, Key={"rta_id": {"S": RTA}})[
        "Item"
    ]
    assert item["rta_duration"] == {"S": "75:03"}
    assert item["total_duration"] == {"N": "4502.775"}
    assert item["total_size_mb"] == {"N": "71.53"}
    assert item["proof_set_id"] == {"S": "7"}
    assert item["upload_timestamp"] == item["compilation_timestamp"] == {"S": AT}
    assert item["completed_month"] == {"S": "2025-11"}
    assert item["completed_sort"] == {"S": f"{AT}#{RTA}"}
    assert "open_shard" not in item
    assert "opened_sort" not in item
    assert "chunks_detail" not in item


def test_completing_again_returns_the_record_as_it_stands(
    ledger: DynamoLedger, recorded: int
) -> None:
    first = ledger.complete_stream(completion(recorded))
    other_words = completion(recorded, at=LATER, metadata_cid="bafkzcibother")
    assert ledger.complete_stream(other_words) == first == standing(ledger)


def test_a_document_of_an_older_rev_is_refused(ledger: DynamoLedger, recorded: int) -> None:
    ledger.settle_rows(RTA, [new(3)])
    with pytest.raises(LedgerMoved):
        ledger.complete_stream(completion(recorded))
    assert not standing(ledger).is_complete
    assert ledger.complete_stream(completion(recorded + 1, chunks=4)).is_complete


@pytest.mark.parametrize("version", [2, 3])
def test_a_version_cannot_be_skipped(ledger: DynamoLedger, recorded: int, version: int) -> None:
    with pytest.raises(LedgerMoved):
        ledger.complete_stream(completion(recorded, version=version))


def test_of_sixteen_completions_one_wins(ledger: DynamoLedger, recorded: int) -> None:
    offers = [completion(recorded, metadata_cid=f"bafkzcib{n}") for n in range(16)]
    with ThreadPoolExecutor(16) as threads:
        records = list(threads.map(ledger.complete_stream, offers))
    assert len({record.metadata_cid for record in records}) == 1
    assert records == [standing(ledger)] * 16
    assert standing(ledger).rev == recorded + 1


def test_a_complete_stream_takes_no_rows(ledger: DynamoLedger, recorded: int) -> None:
    ledger.complete_stream(completion(recorded))
    with pytest.raises(StreamClosed):
        ledger.settle_rows(RTA, [new(9)])
    with pytest.raises(StreamClosed):
        ledger.settle_rows(RTA, [new(1), new(9)])
    assert ledger.settle_rows(RTA, [new(1), new(2)]) == 0
    assert standing(ledger).chunks == 3


def test_a_reopened_stream_completes_as_the_next_version(
    ledger: DynamoLedger, recorded: int
) -> None:
    first = ledger.complete_stream(completion(recorded))
    reopened = ledger.reopen_stream(RTA, version=1, at=LATER)
    assert (reopened.is_complete, reopened.rev) == (False, first.rev + 1)
    assert reopened.document_version == 1
    assert ledger.reopen_stream(RTA, version=1, at=LATER) == reopened
    assert ledger.complete_stream(completion(recorded)) == reopened, "version 1 was done"
    ledger.settle_rows(RTA, [new(3)])
    rev = standing(ledger).rev
    second = ledger.complete_stream(completion(rev, version=2, chunks=4, at=LATER))
    assert (second.document_version, second.detail_rev, second.completed_at) == (2, rev, LATER)
    assert second.total_bytes == sum(row(n).size for n in range(4))
    with pytest.raises(LedgerMoved):
        ledger.complete_stream(completion(recorded))
    with pytest.raises(LedgerMoved):
        ledger.reopen_stream(RTA, version=1, at=LATER)


def test_a_stream_that_never_completed_cannot_be_reopened(ledger: DynamoLedger) -> None:
    with pytest.raises(LedgerMoved):
        ledger.reopen_stream(RTA, version=1, at=LATER)


def test_a_stream_that_is_not_there(ledger: DynamoLedger) -> None:
    with pytest.raises(StreamNotFound):
        ledger.reopen_stream("rta_other", version=1, at=LATER)
    with pytest.raises(StreamNotFound):
        ledger.complete_stream(completion(1, rta_id="rta_other"))


def test_rows_and_completions_that_race_leave_no_row_out(
    ledger: DynamoLedger, recorded: int
) -> None:
    """A row lands before the completion that knows it, or is told that the stream is closed."""

    def settle(number: int) -> type[VibesflowError] | None:
        try:
            ledger.settle_rows(RTA, [new(number)])
        except StreamClosed as error:
            return type(error)
        return None

    def complete() -> StreamRecord:
        while True:
            record = standing(ledger)
            chunks = sum(1 for _ in ledger.list_chunks(RTA))
            try:
                return ledger.complete_stream(completion(record.rev, chunks=chunks))
            except LedgerMoved:
                continue

    with ThreadPoolExecutor(6) as threads:
        rows = [threads.submit(settle, number) for number in range(3, 23)]
        completed = threads.submit(complete).result()
        written = sum(future.result() is None for future in rows)
    snapshot = ledger.details([(RTA, completed.detail_rev or 0)])[RTA]
    assert completed.chunks == len(snapshot) == 3 + written == len(list(ledger.list_chunks(RTA)))


def test_parked_rows_are_retried_after_a_reopening(ledger: DynamoLedger) -> None:
    ledger.settle_rows(RTA, [new(7, RowStatus.FAILED)])
    ledger.complete_stream(completion(standing(ledger).rev))
    ledger.reopen_stream(RTA, version=1, at=LATER)
    ledger.settle_rows(RTA, [RowWrite(row=row(7), previous=RowStatus.FAILED)])
    record = standing(ledger)
    assert (record.chunks, record.uploaded, record.failed) == (4, 4, 0)

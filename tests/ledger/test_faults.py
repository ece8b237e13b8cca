"""What the ledger makes of a table that fails in every way that a table can."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.faults import Faults, answer, conflict, lose_the_answer, throttle
from tests.ledger.records import RTA, completion, new, opening, row
from tests.ledger.watch import Watch
from vibesflow.errors import LedgerRejected, TableDown, TableThrottled, VibesflowError
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import TableSettings
from vibesflow.stream.records import RowStatus, RowWrite, StreamRecord

ROWS = 600
BATCH = 25


def settle_with_patience(ledger: DynamoLedger, writes: list[RowWrite]) -> None:
    """What the workflow engine does: the whole call again until it succeeds."""
    while True:
        try:
            ledger.settle_rows(RTA, writes)
        except TableDown:
            continue
        return


def standing(ledger: DynamoLedger) -> StreamRecord:
    record = ledger.get_stream(RTA)
    assert record is not None
    return record


def test_counters_equal_rows_whatever_happens_on_the_way(
    ledger: DynamoLedger, client: DynamoDBClient
) -> None:
    ledger.open_stream(opening())
    first = [new(n, RowStatus.FAILED if n % 10 == 0 else RowStatus.UPLOADED) for n in range(ROWS)]
    batches = [first[start : start + BATCH] for start in range(0, ROWS, BATCH)]
    retried = [RowWrite(row=row(n), previous=RowStatus.FAILED) for n in range(0, ROWS, 10)]
    faults = Faults(
        client, "TransactWriteItems", {lose_the_answer: 0.05, conflict: 0.08, throttle: 0.03}
    )
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda batch: settle_with_patience(ledger, batch), batches * 2))
        assert (standing(ledger).uploaded, standing(ledger).failed) == (540, 60)
        list(threads.map(lambda write: settle_with_patience(ledger, [write]), retried * 3))
    assert faults.seen.keys() == {"lose_the_answer", "conflict", "throttle"}

    record = standing(ledger)
    rows = list(ledger.list_chunks(RTA))
    assert rows == [row(n) for n in range(ROWS)]
    assert (record.chunks, record.uploaded, record.failed) == (ROWS, ROWS, 0)
    assert record.total_bytes == sum(r.size for r in rows)
    assert record.total_duration_ms == sum(r.duration_ms for r in rows)


def test_a_call_whose_answer_was_lost_counts_once(
    ledger: DynamoLedger, client: DynamoDBClient, watch: Watch
) -> None:
    ledger.open_stream(opening())
    faults = Faults(client, "TransactWriteItems", {lose_the_answer: 1.0}, at_most=3)
    with pytest.raises(TableDown):
        ledger.settle_rows(RTA, [new(1), new(2)])
    assert faults.seen == {"lose_the_answer": 3}
    assert ledger.settle_rows(RTA, [new(1), new(2)]) == 0
    assert (standing(ledger).chunks, standing(ledger).rev) == (2, 2)


def test_a_lost_answer_to_the_completion_is_no_failure(
    ledger: DynamoLedger, client: DynamoDBClient
) -> None:
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(n) for n in range(3)])
    Faults(client, "UpdateItem", {lose_the_answer: 1.0}, at_most=1)
    Faults(client, "PutItem", {lose_the_answer: 1.0}, at_most=1)
    record = ledger.complete_stream(completion(2))
    assert record == standing(ledger)
    assert (record.document_version, record.rev) == (1, 3)


def test_a_short_conflict_is_sat_out_and_a_long_one_is_throttled(
    ledger: DynamoLedger, client: DynamoDBClient, watch: Watch
) -> None:
    ledger.open_stream(opening())
    Faults(client, "TransactWriteItems", {conflict: 1.0}, at_most=2)
    assert ledger.settle_rows(RTA, [new(1)]) == 1
    Faults(client, "TransactWriteItems", {conflict: 1.0})
    watch.operations.clear()
    with pytest.raises(TableThrottled):
        ledger.settle_rows(RTA, [new(2)])
    assert watch.operations == ["TransactWriteItems"] * 3


def test_an_update_in_the_way_of_a_transaction_is_sat_out(
    ledger: DynamoLedger, client: DynamoDBClient
) -> None:
    def in_the_way(request: AWSPreparedRequest) -> AWSResponse:
        return answer(request, 400, "TransactionConflictException")

    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(n) for n in range(3)])
    Faults(client, "UpdateItem", {in_the_way: 1.0}, at_most=2)
    assert ledger.complete_stream(completion(2)).is_complete


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ThrottlingException", TableThrottled),
        (400, "RequestLimitExceeded", TableThrottled),
        (400, "ValidationException", LedgerRejected),
        (400, "AccessDeniedException", LedgerRejected),
        (400, "ItemCollectionSizeLimitExceededException", LedgerRejected),
        (400, "ExpiredTokenException", TableDown),
        (400, "UnrecognizedClientException", TableDown),
        (400, "ResourceNotFoundException", TableDown),
        (500, "InternalServerError", TableDown),
        (503, "ServiceUnavailable", TableDown),
    ],
)
def test_every_answer_has_its_class_and_keeps_the_request_id(
    ledger: DynamoLedger,
    client: DynamoDBClient,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    expected: type[VibesflowError],
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)

    def refuse(request: AWSPreparedRequest) -> AWSResponse:
        return answer(request, status, code)

    Faults(client, "*", {refuse: 1.0})
    for call in every_call(ledger):
        with pytest.raises(expected) as raised:
            call()
        assert type(raised.value) is expected
        assert code in raised.value.message
        assert "MADE-UP-ID" in raised.value.message
        assert raised.value.__cause__ is not None


def test_a_refused_transaction_says_why(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    reasons = [{"Code": "ValidationError", "Message": "too large by half"}, {"Code": "None"}]

    def refuse(request: AWSPreparedRequest) -> AWSResponse:
        return answer(request, 400, "TransactionCanceledException", CancellationReasons=reasons)

    Faults(client, "TransactWriteItems", {refuse: 1.0})
    with pytest.raises(LedgerRejected, match="too large by half"):
        ledger.settle_rows(RTA, [new(1)])


def test_an_engine_that_is_down_is_table_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    ledger = DynamoLedger(TableSettings(endpoint="http://127.0.0.1:9"))
    for call in every_call(ledger):
        with pytest.raises(TableDown):
            call()


def test_an_engine_that_hangs_is_table_down(
    ledger: DynamoLedger, client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)

    def hang(request: AWSPreparedRequest) -> AWSResponse:
        raise ConnectTimeoutError(endpoint_url=request.url)

    Faults(client, "*", {hang: 1.0})
    with pytest.raises(TableDown):
        ledger.check()


def test_tables_that_are_not_there_are_down(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    with pytest.raises(TableDown) as raised:
        DynamoLedger(table_settings, client=client).check()
    assert raised.value.retry_after_s == 30


def test_keys_left_unread_are_asked_for_again(ledger: DynamoLedger, client: DynamoDBClient) -> None:
    for n in range(5):
        ledger.open_stream(opening(f"rta_{n}"))

    def leave_all(request: AWSPreparedRequest) -> AWSResponse:
        return answer(
            request,
            200,
            "",
            Responses={},
            UnprocessedKeys=json.loads(request.body)["RequestItems"],
        )

    Faults(client, "BatchGetItem", {leave_all: 1.0}, at_most=2)
    assert len(ledger.list_open(limit=10).streams) == 5


def test_keys_that_stay_unread_are_throttled(
    ledger: DynamoLedger, client: DynamoDBClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    ledger.open_stream(opening())

    def leave_all(request: AWSPreparedRequest) -> AWSResponse:
        asked = json.loads(request.body)["RequestItems"]
        return answer(request, 200, "", Responses={}, UnprocessedKeys=asked)

    Faults(client, "BatchGetItem", {leave_all: 1.0})
    with pytest.raises(TableThrottled):
        ledger.list_open(limit=10)


def every_call(ledger: DynamoLedger) -> list[Callable[[], object]]:
    return [
        lambda: ledger.open_stream(opening()),
        lambda: ledger.reopen_stream(RTA, version=1, at="2026-01-01T00:00:00.000Z"),
        lambda: ledger.settle_rows(RTA, [new(1)]),
        lambda: ledger.complete_stream(completion(2)),
        lambda: ledger.get_stream(RTA),
        lambda: ledger.get_chunk(RTA, row(1).chunk_id),
        lambda: list(ledger.list_chunks(RTA)),
        lambda: ledger.list_completed(limit=10),
        lambda: ledger.list_completed(limit=10, creator="x"),
        lambda: ledger.list_open(limit=10),
        lambda: ledger.details([(RTA, 1)]),
        ledger.check,
    ]

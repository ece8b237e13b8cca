"""What the table charges for: an append costs the same at chunk 1 and at chunk 2,000."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.records import RTA, completion, new, opening
from vibesflow.ledger import DynamoLedger
from vibesflow.settings import TableSettings


class Bill:
    """Write units of every request, by table and index."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.requests: list[dict[str, float]] = []
        events = client.meta.events
        for operation in ("TransactWriteItems", "UpdateItem", "PutItem"):
            events.register(f"before-parameter-build.dynamodb.{operation}", self._ask)
            events.register(f"after-call.dynamodb.{operation}", self._note)

    def _ask(self, params: MutableMapping[str, object], **_: object) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"

    def _note(self, parsed: Mapping[str, object], **_: object) -> None:
        consumed = parsed.get("ConsumedCapacity", [])
        bill: dict[str, float] = {}
        for table in consumed if isinstance(consumed, list) else [consumed]:
            bill[table["TableName"]] = table["CapacityUnits"]
            for name, index in table.get("GlobalSecondaryIndexes", {}).items():
                bill[name] = index["CapacityUnits"]
        self.requests.append(bill)


def test_an_append_costs_the_same_however_long_the_stream_is(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings
) -> None:
    ledger.open_stream(opening())
    bill = Bill(client)
    ledger.settle_rows(RTA, [new(number) for number in range(2_000)])
    assert len(bill.requests) == 50
    assert len(list(ledger.list_chunks(RTA))) == 2_000, "more than one page of 1 MB"
    assert bill.requests[0] == bill.requests[-1]
    assert bill.requests[-1] == {table_settings.metadata_name: 2, table_settings.chunks_name: 80}


def test_only_completion_touches_the_lists(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings
) -> None:
    ledger.open_stream(opening())
    ledger.settle_rows(RTA, [new(1)])
    bill = Bill(client)
    ledger.complete_stream(completion(2, chunks=1))
    snapshot, summary = bill.requests
    assert snapshot == {table_settings.chunks_name: 1}
    assert summary.keys() >= {"completed-by-month", "completed-by-creator"}

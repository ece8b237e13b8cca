"""Making the tables: again and again, by several at once, and over what an older system left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.faults import Faults, answer
from tests.ledger.records import opening
from vibesflow.errors import LedgerRejected, TableDown
from vibesflow.ledger import TABLES, DynamoLedger, create_tables
from vibesflow.settings import TableSettings


def index_names(client: DynamoDBClient, name: str) -> set[str]:
    table = client.describe_table(TableName=name)["Table"]
    return {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])}


def test_both_tables_stand_and_a_second_call_changes_nothing(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    create_tables(table_settings, client=client)
    DynamoLedger(table_settings, client=client).open_stream(opening())
    create_tables(table_settings)
    ledger = DynamoLedger(table_settings, client=client)
    ledger.check()
    assert len(ledger.list_open(limit=5).streams) == 1
    for table in TABLES:
        found = client.describe_table(TableName=table.name(table_settings))["Table"]
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert not found.get("DeletionProtectionEnabled")
    assert index_names(client, table_settings.metadata_name) == {
        "completed-by-month",
        "completed-by-creator",
        "open-streams",
        "parked-streams",
    }


def test_several_at_once(client: DynamoDBClient, table_settings: TableSettings) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: create_tables(table_settings, client=client), range(4)))
    DynamoLedger(table_settings, client=client).check()


def test_production_tables_are_protected(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    for _ in range(2):
        create_tables(table_settings, client=client, protected=True)
    for table in TABLES:
        name = table.name(table_settings)
        assert client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
        backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        assert recovery == "ENABLED"


def test_an_old_table_of_streams_keeps_its_items_and_gets_the_indexes(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    client.create_table(
        TableName=table_settings.metadata_name,
        KeySchema=[{"AttributeName": "rta_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "rta_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.put_item(
        TableName=table_settings.metadata_name,
        Item={
            "rta_id": {"S": "rta_old"},
            "is_complete": {"BOOL": True},
            "chunks": {"N": "2"},
            "total_size_mb": {"N": "1.5"},
            "chunks_detail": {"L": [{"M": {"cid": {"S": "bafk"}}}]},
        },
    )
    create_tables(table_settings, client=client)
    assert len(index_names(client, table_settings.metadata_name)) == 4
    old = DynamoLedger(table_settings, client=client).get_stream("rta_old")
    assert old is not None
    assert (old.is_complete, old.chunks, old.document_version) == (True, 2, 0)


def test_a_table_with_another_key_is_refused(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    client.create_table(
        TableName=table_settings.metadata_name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with pytest.raises(LedgerRejected, match="another key"):
        create_tables(table_settings, client=client)


def test_a_row_of_somebody_else_is_named(
    ledger: DynamoLedger, client: DynamoDBClient, table_settings: TableSettings
) -> None:
    client.put_item(
        TableName=table_settings.chunks_name,
        Item={"rta_id": {"S": "rta_1"}, "chunk_key": {"S": "C#by hand"}},
    )
    with pytest.raises(LedgerRejected, match="C#by hand"):
        list(ledger.list_chunks("rta_1"))


def test_a_table_is_waited_for_until_it_is_active(
    client: DynamoDBClient, table_settings: TableSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def make_it_slow(parsed: dict[str, dict[str, str]], **_: object) -> None:
        if len(pauses) < 3:
            parsed["Table"]["TableStatus"] = "CREATING"

    monkeypatch.setattr("time.sleep", pauses.append)
    client.meta.events.register("after-call.dynamodb.DescribeTable", make_it_slow)
    create_tables(table_settings, client=client)
    assert pauses == [1.0] * 3


def test_a_table_that_never_becomes_active_is_down(
    client: DynamoDBClient, table_settings: TableSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(parsed: dict[str, dict[str, str]], **_: object) -> None:
        parsed["Table"]["TableStatus"] = "CREATING"

    monkeypatch.setattr("vibesflow.ledger.setup._ACTIVE_LIMIT_S", 0.0)
    client.meta.events.register("after-call.dynamodb.DescribeTable", never)
    with pytest.raises(TableDown, match="not active"):
        create_tables(table_settings, client=client)


def test_we_may_not_is_told(client: DynamoDBClient, table_settings: TableSettings) -> None:
    def refuse(request: AWSPreparedRequest) -> AWSResponse:
        return answer(request, 400, "AccessDeniedException")

    for operation in ("CreateTable", "UpdateTable"):
        Faults(client, operation, {refuse: 1.0}, at_most=1)
        with pytest.raises(LedgerRejected, match="AccessDenied"):
            create_tables(table_settings, client=client, protected=True)


def test_an_index_that_a_rival_makes_at_the_same_time_is_no_error(
    client: DynamoDBClient, table_settings: TableSettings
) -> None:
    def in_use(request: AWSPreparedRequest) -> AWSResponse:
        return answer(request, 400, "ResourceInUseException")

    client.create_table(
        TableName=table_settings.metadata_name,
        KeySchema=[{"AttributeName": "rta_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "rta_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    Faults(client, "UpdateTable", {in_use: 1.0}, at_most=1)
    create_tables(table_settings, client=client)
    create_tables(table_settings, client=client)
    assert len(index_names(client, table_settings.metadata_name)) == 4


def test_an_engine_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(TableDown):
        create_tables(TableSettings(endpoint="http://127.0.0.1:9"))

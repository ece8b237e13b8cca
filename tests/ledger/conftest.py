from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from tests.ledger.watch import Watch
from vibesflow.ledger import DynamoLedger, create_tables, open_table_client
from vibesflow.settings import TableSettings


@pytest.fixture
def client(table_settings: TableSettings) -> DynamoDBClient:
    return open_table_client(table_settings)


@pytest.fixture
def watch(client: DynamoDBClient) -> Watch:
    return Watch(client)


@pytest.fixture
def ledger(client: DynamoDBClient, table_settings: TableSettings, watch: Watch) -> DynamoLedger:
    create_tables(table_settings, client=client)
    return DynamoLedger(table_settings, client=client)

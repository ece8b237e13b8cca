"""Making the tables, or what is missing of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from vibesflow.aws import error_code, open_client
from vibesflow.errors import LedgerRejected, TableDown
from vibesflow.ledger.errors import table_errors
from vibesflow.ledger.tables import TABLES, Index, Table
from vibesflow.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

_READ_TIMEOUT_S = 5.0
_POLL_S = 1.0
_ACTIVE_LIMIT_S = 900.0


def open_table_client(settings: TableSettings) -> DynamoDBClient:
    """Return the client that a ledger shares among its threads."""
    return open_client(
        "dynamodb",
        endpoint=settings.endpoint,
        region=settings.region,
        read_timeout_s=_READ_TIMEOUT_S,
    )


def create_tables(
    settings: TableSettings,
    *,
    client: DynamoDBClient | None = None,
    protected: bool = False,
) -> None:
    """Make what is missing of tables and indexes; return when all are active.

    May be repeated, also by two processes at once. A table of streams that an older system left
    behind keeps its items and gets the indexes, one after the other.

    Args:
        settings: where, and under which names.
        client: a client to use instead of a new one.
        protected: for production, switch on deletion protection and point-in-time recovery.

    Raises:
        TableDown: the engine does not answer, or a table does not become active in time.
        LedgerRejected: we may not, or a table of that name has another key.
    """
    client = client or open_table_client(settings)
    for table in TABLES:
        name = table.name(settings)
        with table_errors(f"set up table {name}"):
            _create(client, table, name)
            for index in table.indexes:
                _add_index(client, table, name, index)
            if protected:
                _protect(client, name)


def tables_exist(settings: TableSettings, *, client: DynamoDBClient | None = None) -> bool:
    """Tell whether both tables are there, active or not.

    Raises:
        TableDown: the engine does not answer.
    """
    client = client or open_table_client(settings)
    for table in TABLES:
        with table_errors(f"look for table {table.name(settings)}"):
            try:
                client.describe_table(TableName=table.name(settings))
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                return False
    return True


def _create(client: DynamoDBClient, table: Table, name: str) -> None:
    try:
        client.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **table.definition)
    except ClientError as error:
        if error_code(error) != "ResourceInUseException":
            raise
    found = _until_active(client, name)
    if found["KeySchema"] != table.key_schema:
        raise LedgerRejected(f"table {name} exists with another key: {found['KeySchema']}")


def _add_index(client: DynamoDBClient, table: Table, name: str, index: Index) -> None:
    if index.name in _indexes(_until_active(client, name)):
        return
    try:
        client.update_table(
            TableName=name,
            AttributeDefinitions=table.definition["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[{"Create": index.definition}],
        )
    except ClientError as error:
        if error_code(error) != "ResourceInUseException":
            raise
    _until_active(client, name)


def _protect(client: DynamoDBClient, name: str) -> None:
    if not _until_active(client, name).get("DeletionProtectionEnabled"):
        client.update_table(TableName=name, DeletionProtectionEnabled=True)
    client.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )


def _until_active(client: DynamoDBClient, name: str) -> TableDescriptionTypeDef:
    deadline_s = time.monotonic() + _ACTIVE_LIMIT_S
    while True:
        table = client.describe_table(TableName=name)["Table"]
        states = {table["TableStatus"], *_indexes(table).values()}
        if states == {"ACTIVE"}:
            return table
        if time.monotonic() > deadline_s:
            raise TableDown(f"table {name} is not active after {_ACTIVE_LIMIT_S:g} s: {states}")
        time.sleep(_POLL_S)


def _indexes(table: TableDescriptionTypeDef) -> dict[str, str]:
    return {
        index.get("IndexName", ""): index.get("IndexStatus", "ACTIVE")
        for index in table.get("GlobalSecondaryIndexes", [])
    }

"""The requests that the ledger sends, with their failures told apart."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar, cast

from botocore.exceptions import ClientError

from vibesflow.aws import error_code
from vibesflow.errors import LedgerRejected, TableThrottled
from vibesflow.ledger.errors import CONDITION_FAILED, CROWDED_REASONS, table_errors
from vibesflow.ledger.expressions import Expression
from vibesflow.settings import TableSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import (
        AttributeValueTypeDef,
        QueryInputTypeDef,
        ScanInputTypeDef,
        TransactWriteItemTypeDef,
        UpdateTypeDef,
    )

    from vibesflow.ledger.attributes import Item

T = TypeVar("T")

BATCH_KEYS = 100
"""As many as one BatchGetItem takes."""

_TRIES = 3
_UNPROCESSED_TRIES = 8
_FIRST_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a cancelled transaction did not do one of its actions.

    Attributes:
        by_condition: its own condition failed; False means that others are the cause.
        standing: the item as it stands, when the condition failed and there is one.
    """

    by_condition: bool
    standing: Item | None = None


class Requests:
    """One shared client and the names of the two tables.

    Every method raises `TableDown`, `TableThrottled` or `LedgerRejected`; a condition that does not
    hold is a result.
    """

    def __init__(self, client: DynamoDBClient, settings: TableSettings) -> None:
        self._client = client
        self.streams = settings.metadata_name
        self.chunks = settings.chunks_name

    def put_new(self, table: str, item: dict[str, AttributeValueTypeDef]) -> bool:
        """Create an item; return False if one stands there."""
        expression = Expression()
        condition = expression.missing("rta_id")
        with table_errors(f"put into {table}"):
            try:
                self._client.put_item(
                    TableName=table,
                    Item=item,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=expression.names,
                )
            except ClientError as error:
                _expect_condition_failed(error)
                return False
        return True

    def stream_update(
        self, rta_id: str, expression: Expression, update: str, condition: str
    ) -> UpdateTypeDef:
        """Spell a conditional update of a stream's summary."""
        return {
            "TableName": self.streams,
            "Key": {"rta_id": {"S": rta_id}},
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": expression.names,
            "ExpressionAttributeValues": expression.values,
        }

    def update(self, request: UpdateTypeDef) -> Item | None:
        """Update one item and return it; None if the condition does not hold."""
        with table_errors(f"update {request['TableName']}"):
            try:
                answer = self._client.update_item(**request, ReturnValues="ALL_NEW")
            except ClientError as error:
                _expect_condition_failed(error)
                return None
        return answer["Attributes"]

    def transact(self, actions: Sequence[TransactWriteItemTypeDef]) -> list[Refusal] | None:
        """Do all actions or none; None means all, otherwise there is one refusal an action."""
        with table_errors("write a transaction"):
            try:
                self._client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                return _refusals(error)
        return None

    def get(self, table: str, key: dict[str, str]) -> Item | None:
        """Return an item, strongly consistent, or None."""
        with table_errors(f"get from {table}"):
            answer = self._client.get_item(TableName=table, Key=_key(key), ConsistentRead=True)
        return answer.get("Item")

    def get_many(self, table: str, keys: Sequence[dict[str, str]]) -> list[Item]:
        """Return the items that are there, strongly consistent, in no order; keys are distinct."""
        found: list[Item] = []
        for start in range(0, len(keys), BATCH_KEYS):
            found.extend(self._get_batch(table, keys[start : start + BATCH_KEYS]))
        return found

    def query(self, request: QueryInputTypeDef) -> Iterator[tuple[list[Item], Item | None]]:
        """Yield page after page of a query with the key at which the next one begins."""
        while True:
            with table_errors(f"query {request['TableName']}"):
                answer = self._client.query(**request)
            after = answer.get("LastEvaluatedKey")
            yield [*answer["Items"]], after
            if not after:
                return
            request = {**request, "ExclusiveStartKey": after}

    def scan(self, request: ScanInputTypeDef) -> Iterator[list[Item]]:
        """Yield page after page of a whole table; only for work that goes through all of it."""
        while True:
            with table_errors(f"scan {request['TableName']}"):
                answer = self._client.scan(**request)
            yield [*answer["Items"]]
            after = answer.get("LastEvaluatedKey")
            if not after:
                return
            request = {**request, "ExclusiveStartKey": after}

    def _get_batch(self, table: str, keys: Sequence[dict[str, str]]) -> Iterator[Item]:
        wanted = [_key(key) for key in keys]
        for attempt in range(_UNPROCESSED_TRIES):
            with table_errors(f"get many from {table}"):
                answer = self._client.batch_get_item(
                    RequestItems={table: {"Keys": wanted, "ConsistentRead": True}}
                )
            yield from answer["Responses"].get(table, [])
            left = answer.get("UnprocessedKeys", {}).get(table)
            if not left:
                return
            if len(left["Keys"]) == len(wanted):
                _pause(attempt)
            wanted = [*left["Keys"]]
        raise TableThrottled(f"{table} leaves {len(wanted)} keys unread")


def patiently(call: Callable[[], T]) -> T:
    """Call again, a little later, while another transaction or the capacity is in the way.

    botocore never repeats a transaction that met another one; what lasts is left to the caller's
    own, longer patience.

    Raises:
        TableThrottled: it still is after three tries.
    """
    for attempt in range(_TRIES - 1):
        try:
            return call()
        except TableThrottled:
            _pause(attempt)
    return call()


def _pause(attempt: int) -> None:
    longest_s = _FIRST_PAUSE_S * 2 ** min(attempt + 1, 5)
    time.sleep(random.uniform(longest_s / 4, longest_s))  # noqa: S311 - jitter, not a secret


def _key(key: dict[str, str]) -> dict[str, AttributeValueTypeDef]:
    return {name: {"S": value} for name, value in key.items()}


def _expect_condition_failed(error: ClientError) -> None:
    if error_code(error) != f"{CONDITION_FAILED}Exception":
        raise error


def _refusals(error: ClientError) -> list[Refusal]:
    if error_code(error) != "TransactionCanceledException":
        raise error
    reasons = error.response.get("CancellationReasons", [])
    codes = {reason.get("Code", "None") for reason in reasons}
    if CONDITION_FAILED in codes:
        return [
            Refusal(reason.get("Code") == CONDITION_FAILED, cast("Item | None", reason.get("Item")))
            for reason in reasons
        ]
    if codes & CROWDED_REASONS:
        raise TableThrottled(f"the transaction met others: {sorted(codes)}") from error
    words = "; ".join(reason["Message"] for reason in reasons if reason.get("Message"))
    raise LedgerRejected(f"the transaction is refused: {sorted(codes)} {words}") from error

"""What an audit reads and writes of the table; no counter moves by it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from vibesflow.errors import LedgerMoved, StreamNotFound
from vibesflow.ledger import codec
from vibesflow.ledger.attributes import encode
from vibesflow.ledger.expressions import Expression
from vibesflow.ledger.requests import Requests, patiently
from vibesflow.ledger.settling import BATCH_ROWS
from vibesflow.ledger.snapshot_store import SnapshotStore
from vibesflow.stream.records import AuditMark, ChunkRow, CopyMove, Relisting

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef, TransactWriteItemTypeDef


class TableKeeper:
    """Implements `vibesflow.ledger.port.LedgerKeeper`."""

    def __init__(self, requests: Requests, snapshots: SnapshotStore) -> None:
        self._requests = requests
        self._snapshots = snapshots

    def rows_after(self, rta_id: str, chunk_id: str | None, *, limit: int) -> tuple[ChunkRow, ...]:
        """Return rows in table order; see `vibesflow.ledger.port.LedgerKeeper`."""
        expression = Expression()
        own = expression.equals({"rta_id": rta_id})
        key, prefix = expression.name("chunk_key"), expression.value(codec.CHUNK_PREFIX)
        request: QueryInputTypeDef = {
            "TableName": self._requests.chunks,
            "KeyConditionExpression": f"{own} AND begins_with({key}, {prefix})",
            "ExpressionAttributeNames": expression.names,
            "ExpressionAttributeValues": expression.values,
            "ConsistentRead": True,
            "Limit": limit,
        }
        if chunk_id is not None:
            after = {"rta_id": rta_id, "chunk_key": codec.chunk_key(chunk_id)}
            request["ExclusiveStartKey"] = encode(after)
        items = (item for page, _ in self._requests.query(request) for item in page)
        return tuple(codec.row_of(item) for item in islice(items, limit))

    def move_copies(self, rta_id: str, moves: Sequence[CopyMove]) -> None:
        """Say where chunks' copies are now; see `vibesflow.ledger.port.LedgerKeeper`."""
        for start in range(0, len(moves), BATCH_ROWS):
            batch = [self._move(rta_id, move) for move in moves[start : start + BATCH_ROWS]]
            refusals = patiently(partial(self._requests.transact, [*batch, self._moved(rta_id)]))
            if refusals is not None:
                raise LedgerMoved(f"rows of stream {rta_id} changed while their copies were made")

    def relist(self, listing: Relisting) -> None:
        """Show a stream's pieces where they are now; see `vibesflow.ledger.port.LedgerKeeper`."""
        self._snapshots.write(listing.rta_id, listing.rev, listing.details)
        expression = Expression()
        update = expression.assign(codec.listing_attributes(listing))
        condition = expression.equals({"is_complete": True, "rev": listing.rev})
        request = self._requests.stream_update(listing.rta_id, expression, update, condition)
        if patiently(lambda: self._requests.update(request)) is None:
            raise LedgerMoved(f"stream {listing.rta_id} is not at rev {listing.rev} any more")

    def note_audit(self, mark: AuditMark) -> None:
        """Keep how a stream's audit came out; see `vibesflow.ledger.port.LedgerKeeper`."""
        expression = Expression()
        update = expression.assign({"audited_at": mark.at, "audit_result": mark.result})
        condition = expression.exists("rta_id")
        request = self._requests.stream_update(mark.rta_id, expression, update, condition)
        if patiently(lambda: self._requests.update(request)) is None:
            raise StreamNotFound(f"no stream {mark.rta_id} in the table")

    def _move(self, rta_id: str, move: CopyMove) -> TransactWriteItemTypeDef:
        expression = Expression()
        update = expression.assign(codec.copy_attributes(move))
        condition = expression.equals(codec.standing_attributes(move))
        if move.before == ():
            condition += f" AND {expression.missing('copies')}"
        return {
            "Update": {
                "TableName": self._requests.chunks,
                "Key": encode({"rta_id": rta_id, "chunk_key": codec.chunk_key(move.chunk_id)}),
                "UpdateExpression": update,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": expression.names,
                "ExpressionAttributeValues": expression.values,
            }
        }

    def _moved(self, rta_id: str) -> TransactWriteItemTypeDef:
        """Count the change, so that nobody goes on with what they read before it."""
        expression = Expression()
        update = expression.assign({}, add={"rev": 1})
        condition = expression.exists("rta_id")
        return {"Update": self._requests.stream_update(rta_id, expression, update, condition)}

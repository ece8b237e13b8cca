"""What one row write asks, what it changes in the counters, and what a refusal of it means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vibesflow.errors import ChunkConflict
from vibesflow.ledger.codec import chunk_key, row_attributes, row_of
from vibesflow.ledger.expressions import Expression
from vibesflow.stream.records import ChunkRow, RowStatus, RowWrite

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

    from vibesflow.ledger.attributes import Item

_COUNTED = (
    ("uploaded", RowStatus.UPLOADED),
    ("failed", RowStatus.FAILED),
    ("pinned", RowStatus.PINNED),
)

BATCH_ROWS = 40
"""As many as one on-chain commit adds; a transaction of DynamoDB takes 100 actions."""


@dataclass(frozen=True, slots=True)
class PendingRow:
    """A row write, and what the row now adds to the stream's totals as far as we believe.

    The caller knows the row's status but not whether a parked chunk had a PieceCID, so that is
    believed first, made part of the condition, and corrected when the condition fails.

    Attributes:
        counted_ms: duration that the row adds now; None when it adds nothing, having no PieceCID.
    """

    key: str
    write: RowWrite
    counted_ms: int | None

    @classmethod
    def of(cls, write: RowWrite) -> PendingRow:
        """Return the write with the likely belief: parked chunks have no PieceCID."""
        has_piece = write.previous in (RowStatus.PROCESSING, RowStatus.UPLOADED)
        counted_ms = write.row.duration_ms if has_piece else None
        return cls(chunk_key(write.row.chunk_id), write, counted_ms)

    def action(self, table: str) -> TransactWriteItemTypeDef:
        """Spell the write as one action of a transaction."""
        row = self.write.row
        expression = Expression()
        update: UpdateTypeDef = {
            "TableName": table,
            "Key": {"rta_id": {"S": row.rta_id}, "chunk_key": {"S": self.key}},
            "UpdateExpression": expression.assign(row_attributes(row)),
            "ConditionExpression": self._condition(expression),
            "ExpressionAttributeNames": expression.names,
            "ExpressionAttributeValues": expression.values,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        return {"Update": update}

    def _condition(self, expression: Expression) -> str:
        previous = self.write.previous
        if previous is None:
            return expression.missing("rta_id")
        same = expression.equals({"status": previous.value, "sha256": self.write.row.sha256})
        if self.counted_ms is None:
            return f"{same} AND {expression.missing('cid')}"
        counted = expression.equals({"duration_ms": self.counted_ms})
        return f"{same} AND {expression.exists('cid')} AND {counted}"

    def after_refusal(self, item: Item | None) -> PendingRow | None:
        """Return the write with a corrected belief, or None if the row stands as asked.

        Args:
            item: the row as it stands, or None if there is none.

        Raises:
            ChunkConflict: it stands otherwise than the caller believes.
        """
        row, previous = self.write.row, self.write.previous
        if item is None:
            raise ChunkConflict(f"chunk {row.chunk_id} has no row, believed to be {previous}")
        found = row_of(item)
        if found.sha256 != row.sha256:
            raise ChunkConflict(f"chunk {row.chunk_id} has a row with other bytes")
        if (found.status, found.piece_cid) == (row.status, row.piece_cid):
            return None
        corrected = replace(self, counted_ms=_counted_ms(found))
        if found.status is previous and corrected != self:
            return corrected
        raise ChunkConflict(
            f"chunk {row.chunk_id} is {found.status} in the table, believed to be {previous}"
        )


def effect(pending: Iterable[PendingRow]) -> dict[str, int]:
    """Return what a batch adds to the stream's counters, `rev` included."""
    total = dict.fromkeys(("chunks", "total_bytes", "total_duration_ms"), 0)
    total |= dict.fromkeys((name for name, _ in _COUNTED), 0)
    for each in pending:
        row, previous = each.write.row, each.write.previous
        counted_ms = _counted_ms(row)
        total["chunks"] += previous is None
        for name, status in _COUNTED:
            total[name] += (row.status is status) - (previous is status)
        total["total_bytes"] += row.size * (
            (counted_ms is not None) - (each.counted_ms is not None)
        )
        total["total_duration_ms"] += (counted_ms or 0) - (each.counted_ms or 0)
    return {name: number for name, number in total.items() if number} | {"rev": 1}


def batches(writes: Sequence[RowWrite]) -> Iterator[list[PendingRow]]:
    """Cut writes into transactions; a key that comes again waits for the next one."""
    batch: dict[str, PendingRow] = {}
    for write in writes:
        pending = PendingRow.of(write)
        if pending.key in batch or len(batch) == BATCH_ROWS:
            yield list(batch.values())
            batch = {}
        batch[pending.key] = pending
    if batch:
        yield list(batch.values())


def _counted_ms(row: ChunkRow) -> int | None:
    return None if row.piece_cid is None else row.duration_ms

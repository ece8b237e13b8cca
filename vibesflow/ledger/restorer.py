"""Writing records whole, as they once were: what a rebuild of lost tables needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vibesflow.ledger import codec
from vibesflow.ledger.attributes import Value, decode, encode
from vibesflow.ledger.expressions import Expression
from vibesflow.ledger.requests import Requests, patiently
from vibesflow.ledger.snapshot_store import SnapshotStore
from vibesflow.stream.records import ChunkDetail, ChunkRow
from vibesflow.stream.restoring import RestoredStream, RowTotals


class TableRestorer:
    """The writes of `vibesflow.rebuild.ports.RestoringLedger`; none deletes."""

    def __init__(self, requests: Requests, snapshots: SnapshotStore) -> None:
        self._requests = requests
        self._snapshots = snapshots

    def stream_ids(self) -> Iterator[str]:
        """Yield the ids of all streams; the one place where a whole table is gone through."""
        expression = Expression()
        key = expression.name("rta_id")
        pages = self._requests.scan(
            {
                "TableName": self._requests.streams,
                "ProjectionExpression": key,
                "ExpressionAttributeNames": expression.names,
            }
        )
        for items in pages:
            yield from (str(decode(item)["rta_id"]) for item in items)

    def restore_rows(self, rows: Sequence[ChunkRow], *, overwrite: bool = False) -> int:
        """Write rows that are not there, or all; counters stay as they are."""
        return sum(self._restore_row(row, overwrite=overwrite) for row in rows)

    def restore_snapshot(self, rta_id: str, rev: int, details: Sequence[ChunkDetail]) -> None:
        """Write a snapshot unless it stands."""
        self._snapshots.write(rta_id, rev, details)

    def restore_stream(self, stream: RestoredStream, *, standing_rev: int | None) -> bool:
        """Write a summary if it still has the ``rev`` that was read, or is still not there."""
        expression = Expression()
        update = expression.assign(_summary(stream), once=_positions(stream))
        return self._update(stream.rta_id, expression, update, standing_rev)

    def recount(self, rta_id: str, totals: RowTotals, *, standing_rev: int) -> bool:
        """Correct the counters if the summary still has the ``rev`` that was read."""
        expression = Expression()
        position = _parked(rta_id, totals)
        update = expression.assign(_counters(totals), once=position, add={"rev": 1})
        return self._update(rta_id, expression, update, standing_rev)

    def _restore_row(self, row: ChunkRow, *, overwrite: bool) -> bool:
        key = {"rta_id": row.rta_id, "chunk_key": codec.chunk_key(row.chunk_id)}
        attributes = codec.row_attributes(row)
        if not overwrite:
            item = encode(attributes | key)
            return patiently(lambda: self._requests.put_new(self._requests.chunks, item))
        expression = Expression()
        update = expression.assign(attributes)
        patiently(
            lambda: self._requests.update(
                {
                    "TableName": self._requests.chunks,
                    "Key": encode(key),
                    "UpdateExpression": update,
                    "ExpressionAttributeNames": expression.names,
                    "ExpressionAttributeValues": expression.values,
                }
            )
        )
        return True

    def _update(
        self, rta_id: str, expression: Expression, update: str, standing_rev: int | None
    ) -> bool:
        if standing_rev is None:
            condition = expression.missing("rta_id")
        else:
            condition = expression.equals({"rev": standing_rev})
        request = self._requests.stream_update(rta_id, expression, update, condition)
        return patiently(lambda: self._requests.update(request)) is not None


def _summary(stream: RestoredStream) -> dict[str, Value | None]:
    completed = codec.completion_attributes(stream.completion) if stream.completion else {}
    is_open = not stream.is_complete
    listed = codec.opened_sort(stream.listed_open_at, stream.rta_id)
    return {
        **completed,
        "creator": stream.creator,
        "upload_timestamp": stream.opened_at,
        **_counters(stream.totals),
        "document_version": stream.version,
        "is_complete": stream.is_complete,
        "rev": stream.rev,
        "open_shard": codec.OPEN_SHARD if is_open else None,
        "opened_sort": listed if is_open else None,
    }


def _counters(totals: RowTotals) -> dict[str, Value]:
    return {
        "chunks": totals.chunks,
        **totals.by_status,
        "total_bytes": totals.total_bytes,
        "total_duration_ms": totals.total_duration_ms,
    }


def _positions(stream: RestoredStream) -> dict[str, Value]:
    """Spell the index keys that a stream keeps once it has them."""
    first = stream.completion
    positions = _parked(stream.rta_id, stream.totals)
    if first is not None:
        at = stream.first_completed_at or first.completed_at
        positions |= codec.list_position(first.model_copy(update={"completed_at": at}))
    return positions


def _parked(rta_id: str, totals: RowTotals) -> dict[str, Value]:
    if totals.parked_since is None:
        return {}
    return codec.parked_position(totals.parked_since, rta_id)

"""The ledger's writes; each is conditional, so each may be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from vibesflow.errors import ChunkConflict, LedgerMoved, StreamClosed, StreamNotFound
from vibesflow.ledger import codec
from vibesflow.ledger.attributes import Value, encode
from vibesflow.ledger.expressions import Expression
from vibesflow.ledger.requests import Refusal, Requests, patiently
from vibesflow.ledger.settling import PendingRow, batches, effect
from vibesflow.ledger.snapshot_store import SnapshotStore
from vibesflow.stream.records import Completion, RowWrite, StreamOpening, StreamRecord

_COUNTERS = (
    "chunks",
    "uploaded",
    "failed",
    "pinned",
    "total_bytes",
    "total_duration_ms",
    "document_version",
)


class TableWriter:
    """Implements `vibesflow.ledger.port.LedgerWriter`."""

    def __init__(self, requests: Requests, snapshots: SnapshotStore) -> None:
        self._requests = requests
        self._snapshots = snapshots

    def open_stream(self, opening: StreamOpening) -> StreamRecord:
        """Create the stream if it is new; return its record as it stands."""
        counters: dict[str, Value] = dict.fromkeys(_COUNTERS, 0)
        item = encode(
            counters
            | {
                "rta_id": opening.rta_id,
                "creator": opening.creator,
                "upload_timestamp": opening.opened_at,
                "is_complete": False,
                "rev": 1,
                "open_shard": codec.OPEN_SHARD,
                "opened_sort": codec.opened_sort(opening.opened_at, opening.rta_id),
            }
        )
        created = patiently(lambda: self._requests.put_new(self._requests.streams, item))
        return codec.record_of(item) if created else self._standing(opening.rta_id)

    def reopen_stream(self, rta_id: str, *, version: int, at: str) -> StreamRecord:
        """Make a completed stream take rows again; see `vibesflow.ledger.port.LedgerWriter`."""
        expression = Expression()
        update = expression.assign(
            {
                "is_complete": False,
                "open_shard": codec.OPEN_SHARD,
                "opened_sort": codec.opened_sort(at, rta_id),
            },
            add={"rev": 1},
        )
        condition = expression.equals({"is_complete": True, "document_version": version})
        record, won = self._update_stream(rta_id, expression, update, condition)
        if not won and (record.is_complete or record.document_version != version):
            raise LedgerMoved(
                f"stream {rta_id} stands at version {record.document_version}, believed {version}"
            )
        return record

    def settle_rows(self, rta_id: str, writes: Sequence[RowWrite]) -> int:
        """Write rows and counters together; see `vibesflow.ledger.port.LedgerWriter`."""
        for write in writes:
            if write.row.rta_id != rta_id:
                raise ChunkConflict(f"chunk {write.row.chunk_id} is not of stream {rta_id}")
        written = sum(self._settle(rta_id, batch) for batch in batches(writes))
        if any(write.unparks for write in writes):
            self._leave_parked(rta_id)
        return written

    def complete_stream(self, completion: Completion) -> StreamRecord:
        """Write the snapshot, then complete; see `vibesflow.ledger.port.LedgerWriter`."""
        self._snapshots.write(completion.rta_id, completion.rev, completion.details)
        expression = Expression()
        update = expression.assign(
            codec.completion_attributes(completion), once=codec.list_position(completion)
        )
        condition = expression.equals(
            {
                "is_complete": False,
                "document_version": completion.version - 1,
                "rev": completion.rev,
            }
        )
        record, won = self._update_stream(completion.rta_id, expression, update, condition)
        if not won and record.document_version != completion.version:
            raise LedgerMoved(
                f"stream {completion.rta_id} is at rev {record.rev} and version "
                f"{record.document_version}; the document was compiled at rev {completion.rev}"
            )
        return record

    def _settle(self, rta_id: str, pending: list[PendingRow]) -> int:
        while pending:
            refusals = patiently(partial(self._transact, rta_id, pending))
            if refusals is None:
                return len(pending)
            *of_rows, of_summary = refusals
            remaining = _after_refusals(pending, of_rows)
            if remaining == pending:
                raise _closed(rta_id, of_summary)
            pending = remaining
        return 0

    def _transact(self, rta_id: str, pending: list[PendingRow]) -> list[Refusal] | None:
        expression = Expression()
        rows = [each.action(self._requests.chunks) for each in pending]
        parked = next((each.write.row for each in pending if each.write.parks), None)
        position = codec.parked_position(parked.written_at, rta_id) if parked else None
        update = expression.assign({}, once=position, add=effect(pending))
        condition = expression.equals({"is_complete": False})
        summary = self._requests.stream_update(rta_id, expression, update, condition)
        summary["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return self._requests.transact([*rows, {"Update": summary}])

    def _leave_parked(self, rta_id: str) -> None:
        """Take the stream off the list of those with parked chunks, if that was the last one.

        A crash before it leaves the stream listed; the write is repeated then, and so is this.
        """
        expression = Expression()
        update = expression.assign({"parked_shard": None, "parked_sort": None})
        none_left = expression.equals({"failed": 0, "pinned": 0})
        condition = f"{expression.exists('parked_shard')} AND {none_left}"
        request = self._requests.stream_update(rta_id, expression, update, condition)
        patiently(lambda: self._requests.update(request))

    def _update_stream(
        self, rta_id: str, expression: Expression, update: str, condition: str
    ) -> tuple[StreamRecord, bool]:
        """Return the summary as it stands afterwards, and whether this call changed it."""
        request = self._requests.stream_update(rta_id, expression, update, condition)
        item = patiently(lambda: self._requests.update(request))
        return (codec.record_of(item), True) if item else (self._standing(rta_id), False)

    def _standing(self, rta_id: str) -> StreamRecord:
        item = self._requests.get(self._requests.streams, {"rta_id": rta_id})
        if item is None:
            raise StreamNotFound(f"no stream {rta_id} in the table")
        return codec.record_of(item)


def _after_refusals(pending: list[PendingRow], refusals: Sequence[Refusal]) -> list[PendingRow]:
    remaining = []
    for each, refusal in zip(pending, refusals, strict=True):
        next_try = each.after_refusal(refusal.standing) if refusal.by_condition else each
        if next_try is not None:
            remaining.append(next_try)
    return remaining


def _closed(rta_id: str, refusal: Refusal) -> StreamClosed | StreamNotFound:
    if refusal.standing is None:
        return StreamNotFound(f"no stream {rta_id} in the table")
    return StreamClosed(f"stream {rta_id} is complete; reopen it before it takes rows")

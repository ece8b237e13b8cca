"""A ledger in memory, of equal rank with the real one for what the workflow needs of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import RLock

from vibesflow.errors import ChunkConflict, LedgerMoved, StreamClosed, StreamNotFound
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import (
    AuditMark,
    ChunkDetail,
    ChunkRow,
    Completion,
    CopyMove,
    Relisting,
    RowStatus,
    RowWrite,
    StreamOpening,
    StreamPage,
    StreamRecord,
)


class MemoryLedger:
    def __init__(self) -> None:
        self._lock = RLock()
        self.records: dict[str, StreamRecord] = {}
        self.rows: dict[str, dict[str, ChunkRow]] = {}
        self.snapshots: dict[tuple[str, int], tuple[ChunkDetail, ...]] = {}
        self.completions: list[Completion] = []

    def open_stream(self, opening: StreamOpening) -> StreamRecord:
        with self._lock:
            record = StreamRecord(**opening.model_dump())
            return self.records.setdefault(opening.rta_id, record)

    def reopen_stream(self, rta_id: str, *, version: int, at: str) -> StreamRecord:
        with self._lock:
            record = self._record(rta_id)
            if record.is_complete and record.document_version == version:
                self._change(rta_id, is_complete=False)
            return self._record(rta_id)

    def settle_rows(self, rta_id: str, writes: Sequence[RowWrite]) -> int:
        with self._lock:
            record = self._record(rta_id)
            rows = self.rows.setdefault(rta_id, {})
            fresh = [w for w in writes if not self._stands(rows, w)]
            if fresh and record.is_complete:
                raise StreamClosed(rta_id)
            for write in fresh:
                self._write(rta_id, write)
            return len(fresh)

    def _stands(self, rows: dict[str, ChunkRow], write: RowWrite) -> bool:
        old = rows.get(parse_chunk_id(write.row.chunk_id).key)
        if old is None:
            return False
        if old.sha256 != write.row.sha256 or old.chunk_id != write.row.chunk_id:
            raise ChunkConflict(f"{write.row.chunk_id} stands with other content")
        return old.status is write.row.status and old.piece_cid == write.row.piece_cid

    def _write(self, rta_id: str, write: RowWrite) -> None:
        rows, row = self.rows[rta_id], write.row
        rows[parse_chunk_id(row.chunk_id).key] = row
        standing = list(rows.values())
        stored = [r for r in standing if r.piece_cid is not None]
        self._change(
            rta_id,
            chunks=len(standing),
            uploaded=sum(r.status is RowStatus.UPLOADED for r in standing),
            failed=sum(r.status is RowStatus.FAILED for r in standing),
            pinned=sum(r.status is RowStatus.PINNED for r in standing),
            total_bytes=sum(r.size for r in stored),
            total_duration_ms=sum(r.duration_ms for r in stored),
        )

    def complete_stream(self, completion: Completion) -> StreamRecord:
        with self._lock:
            record = self._record(completion.rta_id)
            if record.is_complete and record.document_version == completion.version:
                return record
            if record.rev != completion.rev or record.document_version != completion.version - 1:
                raise LedgerMoved(completion.rta_id)
            self.snapshots[completion.rta_id, completion.rev] = completion.details
            self.completions.append(completion)
            self._change(
                completion.rta_id,
                is_complete=True,
                document_version=completion.version,
                detail_rev=completion.rev,
                metadata_cid=completion.metadata_cid,
                completed_at=completion.completed_at,
            )
            return self._record(completion.rta_id)

    def get_stream(self, rta_id: str) -> StreamRecord | None:
        return self.records.get(rta_id)

    def get_chunk(self, rta_id: str, chunk_id: str) -> ChunkRow | None:
        return self.rows.get(rta_id, {}).get(parse_chunk_id(chunk_id).key)

    def list_chunks(self, rta_id: str, *, after: str = "", since: str = "") -> Iterator[ChunkRow]:
        rows = self.rows.get(rta_id, {})
        return iter([rows[key] for key in sorted(rows) if key > after and key >= since])

    def list_completed(
        self, *, limit: int, cursor: str | None = None, creator: str | None = None
    ) -> StreamPage:
        done = [r for r in self.records.values() if r.document_version]
        start = int(cursor or 0)
        more = start + limit < len(done)
        return StreamPage(
            streams=tuple(done[start : start + limit]),
            next_cursor=str(start + limit) if more else None,
        )

    def list_open(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        running = [r for r in self.records.values() if not r.is_complete]
        return StreamPage(streams=tuple(running[:limit]))

    def list_parked(self, *, limit: int, cursor: str | None = None) -> StreamPage:
        parked = [r for r in self.records.values() if r.failed or r.pinned]
        return StreamPage(streams=tuple(parked[:limit]))

    def details(self, keys: Sequence[tuple[str, int]]) -> dict[str, tuple[ChunkDetail, ...]]:
        return {rta_id: self.snapshots[rta_id, rev] for rta_id, rev in keys}

    def rows_after(self, rta_id: str, chunk_id: str | None, *, limit: int) -> tuple[ChunkRow, ...]:
        rows = self.rows.get(rta_id, {})
        after = parse_chunk_id(chunk_id).key if chunk_id else ""
        return tuple(rows[key] for key in sorted(rows) if key > after)[:limit]

    def move_copies(self, rta_id: str, moves: Sequence[CopyMove]) -> None:
        with self._lock:
            rows = self.rows[rta_id]
            keys = [parse_chunk_id(move.chunk_id).key for move in moves]
            standing = [(rows[key].piece_cid, rows[key].status) for key in keys]
            if standing != [(move.piece_cid, RowStatus.UPLOADED) for move in moves]:
                raise LedgerMoved(rta_id)
            if any(
                m.before not in (None, rows[k].copies) for k, m in zip(keys, moves, strict=True)
            ):
                raise LedgerMoved(rta_id)
            for key, move in zip(keys, moves, strict=True):
                first = move.copies[0]
                where = {
                    "copies": move.copies,
                    "retrieval_url": first.base_url + move.piece_cid,
                    **first.model_dump(exclude={"base_url"}),
                }
                rows[key] = rows[key].model_copy(update=where)
            self._change(rta_id)

    def relist(self, listing: Relisting) -> None:
        with self._lock:
            record = self._record(listing.rta_id)
            if not record.is_complete or record.rev != listing.rev:
                raise LedgerMoved(listing.rta_id)
            self.snapshots[listing.rta_id, listing.rev] = listing.details
            shown = listing.model_dump(include={"data_set_id", "filcdn_base"})
            self._change(listing.rta_id, detail_rev=listing.rev, **shown)

    def note_audit(self, mark: AuditMark) -> None:
        with self._lock:
            marked = {"audited_at": mark.at, "audit_result": mark.result}
            record = self._record(mark.rta_id)
            self.records[mark.rta_id] = record.model_copy(update=marked)

    def check(self) -> None:
        return

    def _record(self, rta_id: str) -> StreamRecord:
        if rta_id not in self.records:
            raise StreamNotFound(rta_id)
        return self.records[rta_id]

    def _change(self, rta_id: str, **fields: object) -> None:
        record = self._record(rta_id)
        self.records[rta_id] = record.model_copy(update={**fields, "rev": record.rev + 1})

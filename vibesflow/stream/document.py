"""The document of a completed stream: compiled once a version, stored on Filecoin like a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from vibesflow.stream.records import ChunkDetail, ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.sessions import Sessions

DOCUMENT_SCHEMA = "vibesflow/stream/1"


def in_stream_order(rows: Iterable[ChunkRow]) -> list[ChunkRow]:
    """Sort rows by (session start, producer, sequence), then time (design rule 7)."""
    return sorted(
        rows,
        key=lambda r: (r.session_started_at_ms, r.producer, r.sequence, r.started_at_ms),
    )


def sessions_of(rows: Iterable[ChunkRow]) -> Sessions:
    """Tell from the rows what has come of each session."""
    sessions = Sessions()
    for row in rows:
        session = sessions.of(row.session_started_at_ms, row.producer)
        session.receive(row.sequence, is_final=row.is_final)
    return sessions


def details_of(rows: Sequence[ChunkRow]) -> tuple[ChunkDetail, ...]:
    """Return what a list shows of each chunk that has a PieceCID, in stream order."""
    return tuple(
        ChunkDetail(
            chunk_id=row.chunk_id,
            piece_cid=row.piece_cid,
            size=row.size,
            piece_id=row.piece_id,
            data_set_id=row.data_set_id,
            url=row.retrieval_url,
            duration_ms=row.duration_ms,
            participants=row.participants,
            owner=row.creator,
            sequence=row.sequence,
            is_final=row.is_final,
        )
        for row in in_stream_order(rows)
        if row.piece_cid is not None
    )


def compile_document(
    record: StreamRecord, rows: Sequence[ChunkRow], *, version: int, compiled_at: str
) -> bytes:
    """Compile the document: canonical JSON, so the same rows give the same bytes and PieceCID.

    It names the missing sequence numbers and the parked chunks, and links the version before. With
    what the chain says it is enough to write record, rows and snapshot anew: `vibesflow.rebuild`.
    """
    ordered = in_stream_order(rows)
    stored = [row for row in ordered if row.piece_cid is not None]
    document = {
        "schema": DOCUMENT_SCHEMA,
        "rta_id": record.rta_id,
        "creator": record.creator,
        "version": version,
        "previous": record.metadata_cid,
        "rev": record.rev,
        "opened_at": record.opened_at,
        "compiled_at": compiled_at,
        "total_bytes": sum(row.size for row in stored),
        "total_duration_ms": sum(row.duration_ms for row in stored),
        "chunks": [_entry(row, record) for row in stored],
        "missing": [gap.model_dump() for gap in sessions_of(rows).gaps],
        "failed": [
            _entry(row, record) | {"error": row.error}
            for row in ordered
            if row.status.waits_for_filecoin
        ],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _entry(row: ChunkRow, record: StreamRecord) -> dict[str, object]:
    entry: dict[str, object] = row.model_dump(mode="json", include=_ENTRY_FIELDS)
    entry["copies"] = [[copy.provider_id, copy.data_set_id, copy.piece_id] for copy in row.copies]
    if row.creator != record.creator:
        entry["creator"] = row.creator
    if row.status is not RowStatus.UPLOADED:
        entry |= row.model_dump(mode="json", exclude=_NOT_TOLD, exclude_none=True)
    return entry


_ENTRY_FIELDS = {
    "chunk_id",
    "status",
    "piece_cid",
    "sequence",
    "session_started_at_ms",
    "started_at_ms",
    "producer",
    "participants",
    "duration_ms",
    "size",
    "sha256",
    "content_type",
    "is_final",
    "provider_id",
    "data_set_id",
    "piece_id",
    "written_at",
}
_NOT_TOLD = {"rta_id", "creator", "copies", "staging_key"}
"""Of a row that is not confirmed yet: what the rest of the document says, or the chunk id."""

"""The document of a completed stream: compiled once a version, stored on Filecoin like a chunk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from vibesflow.stream.records import ChunkDetail, ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.sessions import Sessions

DOCUMENT_SCHEMA = "vibesflow/stream/1"

_Place: TypeAlias = tuple[int, str, int, int]
"""Where a chunk stands in its stream."""


def in_stream_order(rows: Iterable[ChunkRow]) -> list[ChunkRow]:
    """Sort rows by (session start, producer, sequence), then time (design rule 7)."""
    return sorted(rows, key=_place)


def sessions_of(rows: Iterable[ChunkRow]) -> Sessions:
    """Tell from the rows what has come of each session."""
    sessions = Sessions()
    for row in rows:
        count_in(sessions, row)
    return sessions


def count_in(sessions: Sessions, row: ChunkRow) -> None:
    """Add a row to what has come of its session."""
    session = sessions.of(row.session_started_at_ms, row.producer)
    session.receive(row.sequence, is_final=row.is_final)


def details_of(rows: Iterable[ChunkRow]) -> tuple[ChunkDetail, ...]:
    """Return what a list shows of each chunk that has a PieceCID, in stream order.

    Rows are looked at one by one: a stream of 20,000 is not held as rows.
    """
    placed = [
        (_place(row), _detail(row, piece_cid=row.piece_cid))
        for row in rows
        if row.piece_cid is not None
    ]
    return tuple(detail for _, detail in sorted(placed, key=itemgetter(0)))


@dataclass(frozen=True, slots=True)
class Home:
    """Where lists say that a stream is: its lowest data set, and its first chunk's base URL."""

    data_set_id: str | None
    filcdn_base: str | None


def home_of(details: Sequence[ChunkDetail]) -> Home:
    """Tell from the details, in stream order, where a stream is."""
    data_set_id = min((d.data_set_id for d in details if d.data_set_id is not None), default=None)
    first = details[0] if details else None
    base = first.url.removesuffix(first.piece_cid).rstrip("/") if first and first.url else None
    return Home(str(data_set_id) if data_set_id is not None else None, base)


def compile_document(
    record: StreamRecord, rows: Iterable[ChunkRow], *, version: int, compiled_at: str
) -> bytes:
    """Compile the document: canonical JSON, so the same rows give the same bytes and PieceCID.

    It names the missing sequence numbers and the parked chunks, and links the version before. With
    what the chain says it is enough to write record, rows and snapshot anew: `vibesflow.rebuild`.
    Of the rows, which are looked at one by one, nothing is held but their text.
    """
    stored: list[tuple[_Place, bytes]] = []
    failed: list[tuple[_Place, bytes]] = []
    sessions, total_bytes, total_duration_ms = Sessions(), 0, 0
    for row in rows:
        count_in(sessions, row)
        if row.piece_cid is not None:
            stored.append((_place(row), _canonical(_entry(row, record))))
            total_bytes += row.size
            total_duration_ms += row.duration_ms
        if row.status.waits_for_filecoin:
            failed.append((_place(row), _canonical(_entry(row, record) | {"error": row.error})))
    facts = {
        "schema": DOCUMENT_SCHEMA,
        "rta_id": record.rta_id,
        "creator": record.creator,
        "version": version,
        "previous": record.metadata_cid,
        "rev": record.rev,
        "opened_at": record.opened_at,
        "compiled_at": compiled_at,
        "total_bytes": total_bytes,
        "total_duration_ms": total_duration_ms,
        "missing": [gap.model_dump() for gap in sessions.gaps],
    }
    texts = {name: _canonical(value) for name, value in facts.items()}
    texts |= {"chunks": _canonical_list(stored), "failed": _canonical_list(failed)}
    members = (_canonical(name) + b":" + texts[name] for name in sorted(texts))
    return b"{" + b",".join(members) + b"}"


def _place(row: ChunkRow) -> _Place:
    return row.session_started_at_ms, row.producer, row.sequence, row.started_at_ms


def _detail(row: ChunkRow, *, piece_cid: str) -> ChunkDetail:
    return ChunkDetail(
        chunk_id=row.chunk_id,
        piece_cid=piece_cid,
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


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _canonical_list(placed: list[tuple[_Place, bytes]]) -> bytes:
    return b"[" + b",".join(text for _, text in sorted(placed, key=itemgetter(0))) + b"]"


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

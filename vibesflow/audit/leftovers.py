"""What to do about bytes that are still in staging long after they came."""

from __future__ import annotations

from enum import StrEnum

from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import ChunkId, format_chunk_id, parse_chunk_id
from vibesflow.stream.records import ChunkRow, RowStatus, StreamRecord
from vibesflow.stream.sessions import Sessions


class Leftover(StrEnum):
    """What becomes of staged bytes."""

    KEPT = "kept"
    """Somebody still needs them: a running stream, a parked chunk, a copy that is missing."""
    RELEASED = "released"
    """Their copies were confirmed, so they are let go."""
    ADOPTED = "adopted"
    """Nobody knew them: the sender died before the stream was told, so it is told now."""
    UNKNOWN = "unknown"
    """Nobody knows them, and their key does not say enough to tell a stream."""


def chunk_of_key(staging_key: str) -> ChunkId | None:
    """Read a staging key back into the chunk that it stands for; None if it names no chunk."""
    rta_id, _, name = staging_key.partition("/")
    parts = name.split("-")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return None
    epoch_ms, sequence, final = map(int, parts)
    found = parse_chunk_id(format_chunk_id(rta_id, sequence, epoch_ms, is_final=bool(final)))
    return found if found.staging_key == staging_key else None


def may_go(row: ChunkRow, *, sha256: str, good_copies: int, wanted: int) -> bool:
    """Tell whether staged bytes are no longer needed (design rule 8).

    Args:
        row: the chunk's row.
        sha256: digest of the staged bytes; other bytes than the row's are never let go.
        good_copies: copies that the chain has at this moment.
        wanted: copies that make a chunk safe.
    """
    same = row.sha256 == sha256
    return row.status is RowStatus.UPLOADED and same and good_copies >= wanted


def adopt(
    chunk: ChunkId, *, size: int, sha256: str, record: StreamRecord | None, sessions: Sessions
) -> ChunkRef | None:
    """Build the claim check of bytes whose sender died before it was signalled.

    The key says which stream, number and time; the stream's record says who streams, and the
    session is the last one that had begun by then. None where that is not certain: no such stream,
    or several producers.
    """
    begun = [s for s in sessions.items if s.started_at_ms <= chunk.epoch_ms]
    if record is None or not begun or any(session.producer for session in begun):
        return None
    return ChunkRef(
        rta_id=chunk.rta_id,
        chunk_id=chunk.text,
        sequence=chunk.sequence,
        session_started_at_ms=max(session.started_at_ms for session in begun),
        started_at_ms=chunk.epoch_ms,
        creator=record.creator,
        size=size,
        sha256=sha256,
        staging_key=chunk.staging_key,
        is_final=chunk.is_final,
    )

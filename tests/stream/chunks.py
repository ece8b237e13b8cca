"""Chunks for tests, as a session would hand them in."""

from __future__ import annotations

import hashlib

from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.ids import format_chunk_id, parse_chunk_id
from vibesflow.stream.placement import Copy, StoredPiece

START_MS = 1_763_829_000_000
PIECE_CID = "bafkzcibcd4bdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy"


def make_chunk(
    sequence: int,
    *,
    rta_id: str = "rta_1",
    final: bool = False,
    session_ms: int = START_MS,
    producer: str = "",
    content: bytes | None = None,
    duration_ms: int = 60_000,
    spread_ms: int = 60_000,
) -> ChunkRef:
    started = session_ms + sequence * spread_ms
    chunk_id = format_chunk_id(rta_id, sequence, started, is_final=final)
    data = content if content is not None else chunk_id.encode() * 8
    return ChunkRef(
        rta_id=rta_id,
        chunk_id=chunk_id,
        sequence=sequence,
        session_started_at_ms=session_ms,
        started_at_ms=started,
        producer=producer,
        creator="0xabc",
        participants=2,
        duration_ms=duration_ms,
        size=max(len(data), 127),
        sha256=hashlib.sha256(data).hexdigest(),
        staging_key=parse_chunk_id(chunk_id).staging_key,
        is_final=final,
    )


def make_piece(*providers: int, order_id: str = "") -> StoredPiece:
    """Return a piece whose copies were ordered at these providers, two of them wanted."""
    copies = [Copy(provider_id=n, base_url=f"http://p{n}/piece/") for n in providers]
    return StoredPiece(piece_cid=PIECE_CID, wanted=2, copies=copies, order_id=order_id)

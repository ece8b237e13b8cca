"""What goes on chain with a piece: enough to tell later whose audio it is and where it belongs.

Three pairs of at most 32 and 96 bytes are kept with each piece (Filecoin warm storage limits).
"""

from __future__ import annotations

from vibesflow.stream.chunk import ChunkRef

MAX_VALUE_BYTES = 96

Pairs = tuple[tuple[str, str], ...]


def chunk_metadata(chunk: ChunkRef, *, duration_ms: int) -> Pairs:
    """Return the pairs of a chunk.

    ``rta`` is the stream; ``chunk`` the id's own end, session start, start, duration (all ms)
    and participants; ``who`` the producer and the creator.
    """
    own = chunk.chunk_id.removeprefix(f"{chunk.rta_id}_chunk_")
    times = (chunk.session_started_at_ms, chunk.started_at_ms, duration_ms, chunk.participants)
    return (
        ("rta", chunk.rta_id),
        ("chunk", "/".join([own, *map(str, times)])),
        ("who", _cut(f"{chunk.producer}/{chunk.creator}")),
    )


def document_metadata(rta_id: str, version: int) -> Pairs:
    """Return the pairs of a stream's document."""
    return (("rta", rta_id), ("document", str(version)))


def _cut(text: str) -> str:
    return text.encode()[:MAX_VALUE_BYTES].decode(errors="ignore")

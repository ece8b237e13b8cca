"""Chunks of one stream with the very same bytes, as silence may be: they are one piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vibesflow.stream.placement import Copy, StoredPiece
from vibesflow.stream.state import UNCONFIRMED, RtaState
from vibesflow.stream.tracking import TrackedChunk


def stored_equal(state: RtaState, chunk: TrackedChunk) -> StoredPiece | None:
    """Return a piece under way with a chunk's bytes; every copy beside its own would be paid."""
    for other in _under_way(state):
        if other.ref.sha256 == chunk.ref.sha256:
            return other.stored
    return None


def copies_of(state: RtaState, piece: StoredPiece) -> list[Copy]:
    """Return the copies of a piece, and those ordered for chunks that are the same piece.

    The answer to an order counts for all of them, and none of their copies must get lost by it:
    it would be paid, and no row would name it.
    """
    copies = {copy.provider_id: copy for copy in piece.copies}
    for other in _under_way(state):
        if other.stored and other.piece_cid == piece.piece_cid:
            for copy in other.stored.copies:
                copies.setdefault(copy.provider_id, copy)
    return list(copies.values())


def forgets_copies(state: RtaState, placed: Mapping[str, StoredPiece]) -> bool:
    """Tell whether copies were ordered meanwhile that an answer to an order does not know of."""
    for item in state.stored_items():
        piece = placed.get(item.stored.piece_cid) if item.stored else None
        others = piece.besides(item.stored.copies) if item.stored and piece else []
        if any(not copy.is_confirmed for copy in others):
            return True
    return False


def _under_way(state: RtaState) -> Iterator[TrackedChunk]:
    return (c for c in state.chunks.values() if c.stored and c.phase in UNCONFIRMED)

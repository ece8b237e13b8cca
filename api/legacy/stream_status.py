"""Reply to "where does my stream stand?"."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.legacy.words import CamelReply, number, piece_url
from api.services import NetworkFacts
from vibesflow.query import StreamView
from vibesflow.query.views import ChunkEntry
from vibesflow.stream.records import RowStatus


class ChunkStatus(CamelReply):
    """One chunk of a stream."""

    status: RowStatus
    filecoin_cid: str | None
    root_id: int | str | None
    filcdn_url: str | None
    used_fallback: bool = False
    error: str | None


class StreamStatusReply(CamelReply):
    """A stream with all its chunks, by chunk id; one that nobody knows is ``not_found``."""

    rta_id: str
    status: Literal["processing", "completed", "not_found"]
    total_chunks: int = 0
    uploaded_chunks: int = 0
    failed_chunks: int = 0
    proof_set_id: int | str | None = None
    storage_provider: str | None = None
    waiting_for: str | None = None
    chunks: dict[str, ChunkStatus] = Field(default_factory=dict)


def stream_status_reply(
    rta_id: str, view: StreamView | None, network: NetworkFacts
) -> StreamStatusReply:
    """Spell a stream's view."""
    if view is None:
        return StreamStatusReply(rta_id=rta_id, status="not_found")
    return StreamStatusReply(
        rta_id=rta_id,
        status="completed" if view.is_complete else "processing",
        total_chunks=len(view.chunks),
        uploaded_chunks=view.count(RowStatus.UPLOADED),
        failed_chunks=view.count(RowStatus.FAILED),
        proof_set_id=number(view.data_set_id),
        storage_provider=view.storage_provider,
        waiting_for=view.waiting_for,
        chunks={entry.chunk_id: _chunk(entry, network) for entry in view.chunks},
    )


def _chunk(entry: ChunkEntry, network: NetworkFacts) -> ChunkStatus:
    is_pinned = entry.status is RowStatus.PINNED
    return ChunkStatus(
        status=RowStatus.PROCESSING if is_pinned else entry.status,
        filecoin_cid=entry.piece_cid or entry.ipfs_cid,
        root_id=number(entry.piece_id),
        filcdn_url=piece_url(network, entry.piece_cid, entry.retrieval_url),
        used_fallback=is_pinned,
        error=entry.error,
    )

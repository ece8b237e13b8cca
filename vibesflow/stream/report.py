"""What a running stream answers when it is asked how it is."""

from __future__ import annotations

from vibesflow.stream.pages import first_page
from vibesflow.stream.state import RtaState
from vibesflow.stream.status import (
    ChunkPage,
    ChunkPhase,
    ChunkView,
    CompletionReply,
    StreamState,
    StreamStatus,
)
from vibesflow.stream.times import iso_utc


def report_status(state: RtaState, shown: StreamState, *, window_s: float) -> StreamStatus:
    """Spell the state as the answer of the ``status`` query."""
    receipt_ms = state.last_receipt_ms
    open_ended = shown is StreamState.RECORDING and receipt_ms
    return StreamStatus(
        rta_id=state.rta_id,
        creator=state.creator,
        state=shown,
        received=state.received + len(state.inbox),
        stored=state.unconfirmed,
        confirmed=state.confirmed,
        parked=state.parked,
        duplicates=state.duplicates,
        missing=state.sessions.gaps,
        window_s=window_s,
        last_receipt_at=iso_utc(receipt_ms) if receipt_ms else None,
        closes_at=iso_utc(receipt_ms + int(window_s * 1000)) if open_ended else None,
        document_version=state.version,
        metadata_cid=state.metadata_cid,
        data_set_id=state.data_set_id,
        provider_id=state.provider_id,
        providers=tuple(state.providers.names.values()),
        waiting_for="; ".join(dict.fromkeys(state.delays.values())) or None,
        last_error=state.last_error,
    )


def report_chunks(state: RtaState, *, offset: int, limit: int) -> ChunkPage:
    """Spell one page of the chunks that are on their way, in stream order; it may be short."""
    tracked = sorted(state.chunks.values(), key=lambda chunk: chunk.order)
    views = [chunk.to_view() for chunk in tracked]
    for chunk in [*state.suspects, *state.inbox]:
        fields = chunk.model_dump(include=set(ChunkView.model_fields))
        views.append(ChunkView(**fields, phase=ChunkPhase.RECEIVED))
    page = first_page(views[offset : offset + limit])
    return ChunkPage(chunks=tuple(page), total=len(views), offset=offset)


def report_completion(state: RtaState, *, already: bool = False) -> CompletionReply:
    """Spell the answer to "complete this stream now"."""
    done = state.is_complete and not state.complete_requested
    return CompletionReply(
        state=StreamState.COMPLETE if done else StreamState.FINISHING,
        already=already,
        document_version=state.version,
        metadata_cid=state.metadata_cid,
        chunks=state.confirmed + state.unconfirmed,
        total_duration_ms=state.confirmed_ms,
    )

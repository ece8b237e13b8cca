"""News that copies will not come as they were ordered: refused, or put off."""

from __future__ import annotations

from collections.abc import Collection

from vibesflow.data_set.orders import PiecesPostponed, PiecesRefused
from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.placement import StoredPiece
from vibesflow.stream.state import UNCONFIRMED, RtaState
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.tracking import TrackedChunk

MOST_RESTORES = 3
"""A chunk that every provider refused is stored anew at most this often before it is parked."""


def note_refused(state: RtaState, news: PiecesRefused, *, now_ms: int) -> None:
    """A provider will not do: the copy is dropped, and another is ordered or stored anew."""
    state.refusals += 1
    _hear_too_early(state)
    state.meanwhile.note(news.pieces)
    state.last_error = f"provider {news.provider_id}: {news.reason}"
    outdated = _outdated(state, news)
    for chunk in state.chunks.values():
        if chunk.left and chunk.left.piece_cid in news.pieces:
            chunk.left = chunk.left.without(news.provider_id)
        if chunk.stored and chunk.phase in UNCONFIRMED and chunk.piece_cid in news.pieces:
            if chunk.piece_cid in outdated:
                chunk.unordered = True
            else:
                _drop_copy(state, chunk, chunk.stored, news)
    state.documents = [d for d in state.documents if _keeps_copies(state, d, news, outdated)]
    state.apply_news(now_ms=now_ms)


def _outdated(state: RtaState, news: PiecesRefused) -> set[str]:
    """Return the refused pieces that were ordered again since.

    The refusal does not say whether the data set has the newer order too, so they are ordered once
    more: it takes a piece once. A copy dropped here that it makes after all would be paid, and no
    row would name it.
    """
    newest: dict[str, set[str]] = {}
    for item in state.stored_items():
        if item.stored:
            newest.setdefault(item.stored.piece_cid, set()).add(item.stored.order_id)
    return {
        piece
        for piece in news.pieces
        if news.order_of(piece) and news.order_of(piece) not in newest.get(piece, ())
    }


def note_postponed(state: RtaState, news: PiecesPostponed, *, now_ms: int) -> None:
    """A data set has no room for these now; they are ordered again after a while."""
    state.postponed += not any(item.unordered for item in state.stored_items())
    _hear_too_early(state)
    state.meanwhile.note(news.pieces)
    for item in state.stored_items():
        if item.stored and item.stored.piece_cid in news.pieces and not item.stored.is_safe:
            _order_again(state, item, item.stored, news.provider_id)
    state.apply_news(now_ms=now_ms)


def note_silence(state: RtaState, pieces: Collection[str]) -> None:
    """No data set has said anything of these for long; what still waits is ordered again.

    That is harmless: a data set that has a piece in mind, or on chain, takes it once.
    """
    for item in state.stored_items():
        if item.stored and item.stored.piece_cid in pieces and not item.stored.is_safe:
            item.unordered = True


def _drop_copy(
    state: RtaState, chunk: TrackedChunk, stored: StoredPiece, news: PiecesRefused
) -> None:
    chunk.stored = stored.without(news.provider_id, dropped=news.dropped)
    if chunk.stored is None:
        chunk.left = stored.without(news.provider_id)
        _store_anew(state, chunk, news.reason)


def _keeps_copies(
    state: RtaState, document: StoredDocument, news: PiecesRefused, outdated: Collection[str]
) -> bool:
    if document.stored.piece_cid not in news.pieces:
        return True
    if document.stored.piece_cid in outdated:
        document.unordered = True
        return True
    stored = document.stored.without(news.provider_id, dropped=news.dropped)
    if stored is None:
        _publish_anew(state)
        return False
    document.stored = stored
    return True


def _order_again(
    state: RtaState, item: TrackedChunk | StoredDocument, stored: StoredPiece, provider_id: int
) -> None:
    """Have a copy ordered again, unless there are enough without it and nobody orders it."""
    is_spare = stored.confirmed >= stored.wanted and not item.unordered
    if is_spare and not state.meanwhile.is_ordering:
        item.stored = stored.without(provider_id) or stored
    else:
        item.unordered = True


def _hear_too_early(state: RtaState) -> None:
    """What is still being stored may be meant: it is then ordered again, which is harmless."""
    state.news_lost |= state.publishing or state.count(ChunkPhase.RECEIVED) > 0


def _store_anew(state: RtaState, chunk: TrackedChunk, reason: str) -> None:
    chunk.restores += 1
    chunk.phase = ChunkPhase.RECEIVED
    if chunk.restores > MOST_RESTORES:
        state.park(chunk.ref.key, reason)


def _publish_anew(state: RtaState) -> None:
    state.document_restores += 1
    if state.document_restores <= MOST_RESTORES:
        state.revision += 1

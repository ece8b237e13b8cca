"""Trying parked chunks again, and the second home that they may have meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.pins import Pin
from vibesflow.stream.state import RtaState
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.tracking import TrackedChunk


def ask_retry(state: RtaState, chunk_ids: Sequence[str]) -> None:
    """Note that these parked chunks are to be tried again, or all of them if none is named."""
    state.retry_keys.extend(parse_chunk_id(chunk_id).key for chunk_id in chunk_ids)
    state.retry_requested = state.retry_requested or not chunk_ids


def retry_parked(state: RtaState) -> None:
    """Set the parked chunks on their way again that somebody asked for.

    A named one that waits in the table comes back with all that wait there.
    """
    wants_all, keys = state.retry_requested, set(state.retry_keys)
    if not (wants_all or keys):
        return
    state.retry_requested, state.retry_keys = False, []
    if wants_all or keys - state.chunks.keys():
        state.shelf.recall_parked()
    for key, chunk in state.chunks.items():
        if chunk.phase is ChunkPhase.PARKED and (wants_all or key in keys):
            state.restart(chunk)


def to_pin(state: RtaState, *, now_ms: int, after_ms: int) -> list[str]:
    """Return the keys of chunks that need a second home: parked, or waiting for so long."""
    return [
        key
        for key, chunk in state.chunks.items()
        if _may_be_pinned(chunk)
        and (
            chunk.phase is ChunkPhase.PARKED
            or now_ms >= _waiting_since_ms(chunk, now_ms) + after_ms
        )
    ]


def next_pin_ms(state: RtaState, *, now_ms: int, after_ms: int) -> int | None:
    """Return when the next chunk will have waited too long; None while none waits."""
    due = [
        _waiting_since_ms(chunk, now_ms) + after_ms
        for chunk in state.chunks.values()
        if _may_be_pinned(chunk) and chunk.phase is ChunkPhase.RECEIVED
    ]
    return min(due, default=None)


def note_pinned(state: RtaState, key: str, pin: Pin) -> None:
    """Note a chunk's second home; one that has left meanwhile needs none."""
    chunk = state.chunks.get(key)
    if chunk is None:
        state.pins_to_drop.append(pin)
    else:
        chunk.pin = pin


def note_unpinnable(state: RtaState, key: str, reason: str) -> None:
    """Note that a chunk gets no second home before it is tried again."""
    state.last_error = f"{key}: not pinned: {reason}"
    if chunk := state.chunks.get(key):
        chunk.unpinnable = True


def has_pinned(state: RtaState) -> bool:
    """Tell whether a chunk that was given up for now has a second home."""
    return state.shelf.pinned > 0 or any(_is_pinned(chunk) for chunk in state.chunks.values())


def restart_pinned(state: RtaState) -> None:
    """Try the chunks again that have a second home: they belong on Filecoin."""
    for chunk in state.chunks.values():
        if _is_pinned(chunk):
            state.restart(chunk)
    if state.shelf.pinned:
        state.shelf.recall_parked()


def _is_pinned(chunk: TrackedChunk) -> bool:
    return chunk.phase is ChunkPhase.PARKED and chunk.pin is not None


def _may_be_pinned(chunk: TrackedChunk) -> bool:
    waits = chunk.phase in (ChunkPhase.RECEIVED, ChunkPhase.PARKED)
    return waits and not (chunk.pin or chunk.unpinnable or chunk.hopeless)


def _waiting_since_ms(chunk: TrackedChunk, now_ms: int) -> int:
    """Return since when a chunk waits as far as anybody looked."""
    if chunk.waits_since_ms is None:
        chunk.waits_since_ms = now_ms
    return chunk.waits_since_ms

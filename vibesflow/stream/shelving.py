"""Keeping a stream small: what waits long goes to the table and comes back when there is room."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from vibesflow.stream.pages import PAGE_BYTES
from vibesflow.stream.records import ChunkRow, RowStatus, RowWrite
from vibesflow.stream.state import RtaState
from vibesflow.stream.status import ChunkPhase
from vibesflow.stream.times import iso_utc
from vibesflow.stream.tracking import TrackedChunk

MOST_TRACKED = 120
"""Chunks in memory beyond which some go to the table; a live stream has a handful."""
ROOM_BELOW = 60
"""Chunks waiting for one and the same thing below which more of them are taken back."""

_GIVES_WAY = {ChunkPhase.PARKED: 0, ChunkPhase.STORED: 1, ChunkPhase.COMMITTING: 2}
_LAST_TO_GO = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows there is room for."""

    received: bool
    stored: bool
    parked: bool

    def __bool__(self) -> bool:
        return self.received or self.stored or self.parked


def shelve(state: RtaState, *, keep: int, busy: Collection[str] = ()) -> list[TrackedChunk]:
    """Let chunks beyond ``keep`` go whose rows say all; return those that need a row first.

    Parked ones go first, then those that wait for the chain, the newest before the oldest.

    Chunks named by ``busy`` are being stored and stay.
    """
    surplus = len(state.chunks) - keep
    if surplus <= 0:
        return []
    able = [
        chunk
        for key, chunk in reversed(state.chunks.items())
        if chunk.phase is not ChunkPhase.CONFIRMED and key not in busy
    ]
    able.sort(key=lambda chunk: _GIVES_WAY.get(chunk.phase, _LAST_TO_GO))
    lacking = []
    for chunk in able[:surplus]:
        status = _shelved_status(chunk)
        if chunk.has_row(status):
            del state.chunks[chunk.ref.key]
            state.shelf.put(status, key=chunk.ref.key, has_piece=chunk.stored is not None)
        else:
            lacking.append(chunk)
    return lacking


def rows_to_shelve(chunks: Iterable[TrackedChunk], *, now_ms: int) -> list[RowWrite]:
    """Spell the rows that chunks need before they can go."""
    at = iso_utc(now_ms)
    return [
        RowWrite(row=c.to_row(_shelved_status(c), written_at=at), previous=c.row) for c in chunks
    ]


def wanted_back(state: RtaState) -> Wanted:
    """Tell which rows there is room for."""
    shelf = state.shelf
    can_store = state.count(ChunkPhase.RECEIVED) < ROOM_BELOW
    tracked_unconfirmed = state.unconfirmed - shelf.stored
    return Wanted(
        received=can_store and shelf.received > 0,
        stored=tracked_unconfirmed < ROOM_BELOW and shelf.stored > 0,
        parked=can_store and shelf.recalled > 0,
    )


def take_back(state: RtaState, rows: Iterable[ChunkRow]) -> int:
    """Take chunks up again and return how many; parked ones begin anew, having been recalled."""
    taken = 0
    for row in rows:
        chunk = TrackedChunk.from_row(row)
        known = chunk.ref.key in state.chunks or chunk.ref.key in state.settled
        if not known and row.status is not RowStatus.UPLOADED:
            taken += 1
            state.shelf.take(row)
            state.chunks[chunk.ref.key] = chunk
            if chunk.phase is ChunkPhase.PARKED or (
                chunk.pin and chunk.phase is ChunkPhase.RECEIVED
            ):
                state.restart(chunk)
    return taken


def lighten(state: RtaState) -> None:
    """Drop what the next run can do without, or find again."""
    state.news_lost = state.news_lost or bool(state.early)
    state.early.clear()


def weighs_too_much(state: RtaState) -> bool:
    """The state is too large to be the input of a next run."""
    return len(state.model_dump_json().encode()) > PAGE_BYTES


def _shelved_status(chunk: TrackedChunk) -> RowStatus:
    if chunk.phase is ChunkPhase.PARKED:
        return chunk.deserved_row(unconfirmed_too=True) or RowStatus.FAILED
    return RowStatus.PROCESSING

"""Bringing received chunks to providers, after a look at those that may have come before."""

from __future__ import annotations

from temporalio.exceptions import ActivityError

from activities.messages import FindChunk, StoreChunk
from vibesflow.stream.chunk import ChunkRef
from vibesflow.stream.equals import stored_equal
from vibesflow.stream.state import RtaState
from vibesflow.stream.times import epoch_ms_of
from workflows import limits, policies
from workflows.board import TaskBoard
from workflows.clock import now_ms
from workflows.failures import is_hopeless, reason_of
from workflows.messages import RtaOptions
from workflows.steps.insisting import Insistence


class Storing:
    """Stores chunks, so many at a time; one whose policy is exhausted is parked."""

    def __init__(self, state: RtaState, board: TaskBoard, options: RtaOptions) -> None:
        self._state = state
        self._board = board
        self._options = options
        self._insist = Insistence(state)

    def look_up(self) -> None:
        """Ask the table about suspects, also while nothing else begins: they must not pile up."""
        for chunk in self._state.suspects:
            self._board.spawn(f"find:{chunk.key}", self._look_up, chunk)

    def start(self) -> None:
        """Start as many uploads as may run."""
        running = len(self._board.named("store:"))
        for key in self._state.to_store():
            if running >= self._options.parallel_uploads:
                break
            running += self._board.spawn(f"store:{key}", self._store, key)

    async def _look_up(self, chunk: ChunkRef) -> None:
        request = FindChunk(rta_id=chunk.rta_id, chunk_id=chunk.chunk_id)
        summary = f"seen before? {chunk.chunk_id}"
        found = await self._insist.run(policies.FIND_CHUNK, request, summary)
        self._state.resolve_suspect(chunk, found.row)

    async def _store(self, key: str) -> None:
        tracked = self._state.chunks[key]
        chunk, equal = tracked.ref, stored_equal(self._state, tracked)
        known = equal or tracked.left
        request = StoreChunk(
            chunk=chunk,
            preferred_provider=equal.first.provider_id if equal else self._state.provider_id,
            urgent=self._state.is_ending(chunk),
            opened_at_ms=epoch_ms_of(self._state.opened_at),
            ordered=tuple(known.copies) if known else (),
        )
        patience_s = self._options.give_up_s
        if tracked.pin:
            patience_s = min(patience_s, limits.REPAIR_GIVE_UP_S)
        step = policies.STORE_CHUNK.within(patience_s)
        try:
            piece = await step(request, summary=chunk.chunk_id)
        except ActivityError as error:
            self._state.park(key, reason_of(error), hopeless=is_hopeless(error))
        else:
            self._state.providers.meet(piece)
            self._state.note_stored(key, piece, now_ms=now_ms())

"""A second home for chunks that Filecoin does not take, until it does."""

from __future__ import annotations

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from activities.messages import PinChunk, UnpinChunks
from vibesflow.stream.retrying import (
    has_pinned,
    next_pin_ms,
    note_pinned,
    note_unpinnable,
    restart_pinned,
    to_pin,
)
from vibesflow.stream.state import RtaState
from workflows import limits, policies
from workflows.board import TaskBoard
from workflows.clock import now_ms, to_ms
from workflows.failures import reason_of


class Pinning:
    """Pins what waits too long, tries it again every hour, and lets the pins go afterwards."""

    def __init__(self, state: RtaState, board: TaskBoard) -> None:
        self._state = state
        self._board = board

    def start(self) -> None:
        """Look after chunks without a home on Filecoin; without pinning, parked ones just wait."""
        state = self._state
        if state.pin_after_s is not None:
            self._start_pins(to_ms(state.pin_after_s))
        if has_pinned(state):
            self._board.spawn("repair", self._repair)
        if state.pins_to_drop:
            self._board.spawn("unpin", self._unpin)

    def _start_pins(self, after_ms: int) -> None:
        running = len(self._board.named("pin:"))
        for key in to_pin(self._state, now_ms=now_ms(), after_ms=after_ms):
            if running >= limits.PINS_AT_ONCE:
                return
            running += self._board.spawn(f"pin:{key}", self._pin, key)
        due_ms = next_pin_ms(self._state, now_ms=now_ms(), after_ms=after_ms)
        if due_ms is not None and due_ms > now_ms():
            self._board.spawn("pin-watch", self._watch, due_ms)

    async def _watch(self, due_ms: int) -> None:
        """One timer for the chunk that has waited longest; armed again by the loop."""
        await workflow.sleep((due_ms - now_ms()) / 1000, summary="is Filecoin there?")

    async def _pin(self, key: str) -> None:
        chunk = self._state.chunks[key].ref
        try:
            pin = await policies.PIN_CHUNK(PinChunk(chunk=chunk), summary=chunk.chunk_id)
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            note_unpinnable(self._state, key, reason_of(error))
        else:
            note_pinned(self._state, key, pin)

    async def _repair(self) -> None:
        state = self._state
        state.repair_at_ms = state.repair_at_ms or now_ms() + to_ms(limits.REPAIR_S)
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: not has_pinned(state),
                timeout=max(0.0, (state.repair_at_ms - now_ms()) / 1000),
                timeout_summary="pinned chunks are tried again",
            )
        state.repair_at_ms = None
        restart_pinned(state)

    async def _unpin(self) -> None:
        """Let pins go as best we can: a pin too many costs little and loses nothing."""
        pins = tuple(self._state.pins_to_drop[: limits.PINS_DROPPED])
        try:
            await policies.UNPIN_CHUNKS(UnpinChunks(pins=pins), summary=f"{len(pins)} pins")
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            self._state.last_error = f"pins are left: {reason_of(error)}"
        del self._state.pins_to_drop[: len(pins)]

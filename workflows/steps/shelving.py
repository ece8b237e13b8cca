"""Keeping the stream small: rows for what must make room, and taking back what waits in them."""

from __future__ import annotations

from temporalio import workflow

from activities.messages import LoadRows
from vibesflow.stream.pages import first_page
from vibesflow.stream.records import RowWrite
from vibesflow.stream.shelving import (
    MOST_TRACKED,
    lighten,
    rows_to_shelve,
    shelve,
    take_back,
    wanted_back,
    weighs_too_much,
)
from vibesflow.stream.state import RtaState
from workflows import limits, policies
from workflows.board import TaskBoard
from workflows.clock import now_ms
from workflows.steps.insisting import Insistence
from workflows.steps.recording import Recording


class Shelving:
    """Moves chunks that wait long between memory and table, so that memory has a bound."""

    def __init__(self, state: RtaState, board: TaskBoard, recording: Recording) -> None:
        self._state = state
        self._board = board
        self._recording = recording
        self._insist = Insistence(state)

    def start(self) -> None:
        """Make room if there are too many chunks, or take some back if there is room."""
        if len(self._state.chunks) > MOST_TRACKED:
            busy = {name.removeprefix("store:") for name in self._board.named("store:")}
            self._make_room(MOST_TRACKED, busy)
        wanted = wanted_back(self._state)
        if wanted:
            request = LoadRows(
                rta_id=self._state.rta_id,
                after=self._state.shelf.after,
                since="" if wanted.parked else self._state.shelf.since,
                received=wanted.received,
                stored=wanted.stored,
                parked=wanted.parked,
            )
            self._board.spawn("recall", self._recall, request)

    def is_light(self) -> bool:
        """Tell whether a next run can begin with the state; if not, work on it was started.

        What cannot be made lighter goes as it is: late is better than never.
        """
        state = self._state
        if not weighs_too_much(state):
            return True
        if self._recording.release_all():
            return False
        lighten(state)
        writes = state.rows_to_write(
            limit=limits.APPEND_ROWS, unconfirmed_too=False, now_ms=now_ms()
        )
        if writes:
            self._write(writes)
            return False
        return not self._make_room(len(state.chunks) // 2)

    def _make_room(self, keep: int, busy: set[str] | None = None) -> bool:
        before = len(self._state.chunks)
        lacking = shelve(self._state, keep=keep, busy=busy or ())
        if lacking and "complete" not in self._board:
            return self._write(rows_to_shelve(lacking, now_ms=now_ms())) or True
        if before != len(self._state.chunks):
            self._board.wake()
            return True
        return False

    def _write(self, writes: list[RowWrite]) -> bool:
        return self._recording.write(first_page(writes), "make room")

    async def _recall(self, request: LoadRows) -> None:
        state = self._state
        page = await self._insist.run(policies.LOAD_ROWS, request, "chunks that waited")
        taken = take_back(state, page.rows)
        state.shelf.after = page.after
        if not page.after and not taken:
            if page.found_none:
                state.shelf.forget(
                    received=request.received, stored=request.stored, parked=request.parked
                )
            elif request.after == "":
                await workflow.sleep(limits.SLOW_RETRY, summary="nothing to take back")

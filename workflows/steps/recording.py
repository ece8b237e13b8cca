"""Writing rows, and letting go of the staged bytes that they make superfluous."""

from __future__ import annotations

from temporalio import workflow

from activities.messages import AppendChunks, ReleaseStaged
from vibesflow.stream.completion import DONE, Decision
from vibesflow.stream.pages import first_page
from vibesflow.stream.records import RowWrite
from vibesflow.stream.state import RtaState
from workflows import limits, policies
from workflows.board import TaskBoard
from workflows.clock import now_iso, now_ms
from workflows.departure import Departure
from workflows.patches import EARLY_RELEASES
from workflows.steps.insisting import Insistence


class Recording:
    """Writes the rows that are behind their chunks, several with one step where that is quick."""

    def __init__(self, state: RtaState, board: TaskBoard, departure: Departure) -> None:
        self._state = state
        self._board = board
        self._departure = departure
        self._insist = Insistence(state)

    def start(self, decision: Decision) -> None:
        """Write the rows that are due, and release what is confirmed."""
        self._start_append(decision)
        self._start_release(decision)

    def _start_append(self, decision: Decision) -> None:
        if "append" in self._board or "complete" in self._board:
            return
        completing = decision is Decision.COMPLETE
        writes = self._state.rows_to_write(
            limit=limits.APPEND_ROWS, unconfirmed_too=completing, now_ms=now_ms()
        )
        if writes and (len(writes) == limits.APPEND_ROWS or completing or self._are_due(writes)):
            self.write(first_page(writes), f"from {writes[0].row.chunk_id}")
        elif writes:
            self._board.spawn("linger", self._linger)

    async def _linger(self) -> None:
        await workflow.sleep(limits.ROW_LINGER_MS / 1000, summary="rows wait for company")

    def _are_due(self, writes: list[RowWrite]) -> bool:
        """Bad news do not wait for company: nothing says when any would come."""
        if not self._departure.work_under_way() or any(write.parks for write in writes):
            return True
        waited_ms = now_ms() - self._state.oldest_confirmation_ms(now_ms())
        return waited_ms >= limits.ROW_LINGER_MS

    def write(self, writes: list[RowWrite], why: str) -> bool:
        """Begin to write rows unless others are being written; tell whether it was begun."""
        return self._board.spawn("append", self._append, writes, why)

    async def _append(self, writes: list[RowWrite], why: str) -> None:
        state = self._state
        request = AppendChunks(
            rta_id=state.rta_id,
            writes=tuple(writes),
            reopen_version=state.version if state.is_complete else None,
            at=now_iso(),
        )
        summary = f"{len(writes)} rows {why}"
        reply = await self._insist.run(policies.APPEND_CHUNKS, request, summary)
        state.is_complete = False
        state.note_written(writes, {row.chunk_id: row.reason for row in reply.rejected})

    def _start_release(self, decision: Decision) -> None:
        waiting = self._state.releasable
        if waiting and (decision in DONE or self._fill_a_step(waiting)):
            self._board.spawn("release", self._release, tuple(waiting[: limits.RELEASE_KEYS]))

    def _fill_a_step(self, waiting: list[str]) -> bool:
        if len(waiting) < limits.RELEASE_FROM:
            return False
        return len(waiting) >= limits.RELEASE_KEYS or workflow.patched(EARLY_RELEASES)

    def release_all(self) -> bool:
        """Release what may go without waiting for company; tell whether there was anything."""
        waiting = self._state.releasable
        if waiting:
            self._board.spawn("release", self._release, tuple(waiting[: limits.RELEASE_KEYS]))
        return bool(waiting)

    async def _release(self, keys: tuple[str, ...]) -> None:
        summary = f"{len(keys)} confirmed chunks leave staging"
        await self._insist.run(policies.RELEASE_STAGED, ReleaseStaged(keys=keys), summary)
        del self._state.releasable[: len(keys)]

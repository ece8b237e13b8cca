"""Ordering the copies that stored pieces lack."""

from __future__ import annotations

from contextlib import suppress

from temporalio import workflow

from vibesflow.stream.documents import StoredDocument
from vibesflow.stream.equals import forgets_copies
from vibesflow.stream.state import RtaState
from vibesflow.stream.tracking import TrackedChunk
from workflows import limits, policies
from workflows.board import TaskBoard
from workflows.clock import now_ms
from workflows.patches import COPIES_ARE_KEPT, REST_ENDS_WITH_NEWS
from workflows.placing import place_request
from workflows.steps.insisting import Insistence


class Placing:
    """Orders copies anew, ever more slowly while providers keep refusing them."""

    def __init__(self, state: RtaState, board: TaskBoard) -> None:
        self._state = state
        self._board = board
        self._insist = Insistence(state)
        self._is_rested = False

    def start(self) -> None:
        """Order what is lacking, one batch at a time, after a pause if one is due."""
        waiting = self._state.to_place()[: limits.PLACE_PIECES]
        if not waiting or "place" in self._board or "rest" in self._board:
            return
        pause_s = 0.0 if self._is_rested else _pause_s(self._state)
        if pause_s:
            self._board.spawn("rest", self._rest, pause_s)
        else:
            self._is_rested = False
            self._board.spawn("place", self._place, waiting)

    async def _rest(self, pause_s: float) -> None:
        summary = "before copies are ordered again"
        if workflow.patched(REST_ENDS_WITH_NEWS):
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    self._goes_on, timeout=pause_s, timeout_summary=summary
                )
        else:
            await workflow.sleep(pause_s, summary=summary)
        self._is_rested = True

    def _goes_on(self) -> bool:
        """Tell whether something was committed since the last setback."""
        return self._state.refusals == self._state.postponed == 0

    async def _place(self, items: list[TrackedChunk | StoredDocument]) -> None:
        state = self._state
        request = place_request(state, items)
        if request is not None:
            state.meanwhile.begin()
            placed = await self._insist.run(
                policies.PLACE_COPIES, request, f"copies of {len(request.pieces)} pieces"
            )
            pieces = {piece.piece_cid: piece for piece in placed.pieces}
            for piece in placed.pieces:
                state.providers.meet(piece)
            keeping = not forgets_copies(state, pieces) or workflow.patched(COPIES_ARE_KEPT)
            state.note_placed(pieces, now_ms=now_ms(), keeping=keeping)


def _pause_s(state: RtaState) -> float:
    """Longer from refusal to refusal, and longer still while a data set has no room."""
    refused_s = min(2.0 ** min(state.refusals, 10), limits.SLOW_RETRY.total_seconds())
    postponed_s = limits.ROOM_PAUSE.total_seconds() * 2.0 ** min(state.postponed - 1, 4)
    return max(refused_s if state.refusals else 0, postponed_s if state.postponed else 0)

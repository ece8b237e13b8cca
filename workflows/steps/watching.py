"""Watching over orders: a data set that was terminated has forgotten them and tells nobody."""

from __future__ import annotations

from temporalio import workflow

from vibesflow.stream.setbacks import note_silence
from vibesflow.stream.state import RtaState
from workflows import limits
from workflows.board import TaskBoard
from workflows.patches import ORDERS_ARE_WATCHED


class Watching:
    """Has copies ordered again of which nothing was heard for long."""

    def __init__(self, state: RtaState, board: TaskBoard) -> None:
        self._state = state
        self._board = board

    def start(self) -> None:
        """Keep one timer while copies are under way."""
        if self._state.under_way() and workflow.patched(ORDERS_ARE_WATCHED):
            self._board.spawn("watch", self._watch)

    async def _watch(self) -> None:
        waiting = self._state.under_way()
        await workflow.sleep(limits.SILENCE, summary="orders that nobody answers")
        note_silence(self._state, waiting & self._state.under_way())

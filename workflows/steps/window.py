"""The idle window as one durable timer (design rule 3)."""

from __future__ import annotations

from temporalio import workflow

from vibesflow.stream.state import RtaState
from workflows.board import TaskBoard
from workflows.clock import now_ms, to_ms
from workflows.messages import RtaOptions


class IdleWindow:
    """Wakes the loop when the stream has been silent for its window."""

    def __init__(self, state: RtaState, board: TaskBoard, options: RtaOptions) -> None:
        self._state = state
        self._board = board
        self._options = options

    def start(self) -> None:
        """Keep the window for the rest of the run."""
        self._board.spawn("window", self._keep)

    async def _keep(self) -> None:
        """One timer, re-armed when it fires early because a chunk came."""
        while True:
            await workflow.wait_condition(lambda: self._left_s() > 0)
            await workflow.sleep(self._left_s(), summary="idle window")
            self._board.wake()

    def _left_s(self) -> float:
        due_ms = self._state.last_receipt_ms + to_ms(self._options.window_s)
        return (due_ms - now_ms()) / 1000

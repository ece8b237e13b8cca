"""Leaving a run that has grown long: at a quiet moment, or after draining, or after patience."""

from __future__ import annotations

from temporalio import workflow

from workflows import limits
from workflows.board import TaskBoard

_TIMERS = ("window", "settle", "linger", "drain", "rest", "pin-watch", "repair", "watch")
_REPEATABLE = ("store:", "place", "pin:")


class Departure:
    """Decides when a stream continues as new.

    Attributes:
        is_draining: no new work may be started.
    """

    def __init__(self, board: TaskBoard) -> None:
        self._board = board
        self.is_draining = False
        self._patience_is_over = False

    def is_due(self) -> bool:
        """Tell whether to leave now; handlers must have finished and table steps have ended.

        Storing and placing may be left under way once the drain time is over: the next run does
        them again, and both look before they act.
        """
        info = workflow.info()
        length = info.get_current_history_length()
        if not info.is_continue_as_new_suggested() and length < limits.LEAVE_EVENTS:
            return False
        self.is_draining = length >= limits.DRAIN_EVENTS
        if self.is_draining and not self._patience_is_over:
            self._board.spawn("drain", self._lose_patience)
        passed_over = (*_TIMERS, *_REPEATABLE) if self._patience_is_over else _TIMERS
        return not self._board.besides(*passed_over) and workflow.all_handlers_finished()

    def work_under_way(self) -> list[str]:
        """Names of the work that is more than a timer."""
        return self._board.besides(*_TIMERS)

    async def _lose_patience(self) -> None:
        await workflow.sleep(limits.DRAIN_TIME, summary="draining before a new run")
        self._patience_is_over = True

"""Going on with a step that must not be given up."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

from vibesflow.stream.state import RtaState
from workflows import limits
from workflows.failures import reason_of, type_of
from workflows.policies import Reply, Request, Step


class Insistence:
    """Tries a step that failed for good slowly on, and has the stream say why."""

    def __init__(self, state: RtaState) -> None:
        self._state = state

    async def run(self, step: Step[Request, Reply], request: Request, summary: str) -> Reply:
        """Return the step's reply, however long it takes."""
        while True:
            try:
                return await step(request, summary=summary)
            except ActivityError as error:
                await self.pause(error)

    async def pause(self, error: ActivityError, unless: str | None = None) -> None:
        """Note why a step failed and wait, but for the error code that needs no waiting."""
        if is_cancelled_exception(error):
            raise error
        self._state.last_error = reason_of(error)
        if unless is None or type_of(error) != unless:
            await workflow.sleep(limits.SLOW_RETRY, summary="a step failed for good")

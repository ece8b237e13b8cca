"""The door to audits: the schedule, rounds by hand, and what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionExecutionStartWorkflow,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleDescription,
    ScheduleHandle,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
    WorkflowQueryFailedError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.service import RPCError, RPCStatusCode

from vibesflow.audit.report import AuditReport
from vibesflow.errors import WorkIncomplete
from vibesflow.settings import AuditSettings
from workflows import messages
from workflows.connection import down
from workflows.messages import AuditInput

Round = WorkflowHandle[object, AuditReport]

LOOK_AGAIN_S = 0.5
_PATIENCE_S = 60.0
_CATCH_UP = timedelta(hours=1)
"""A round that was due while the server was down is made up for if it is that late at most."""


class AuditClient:
    """Starts rounds of audit and follows them.

    Args:
        client: connection to the Temporal server.
        settings: handed to the rounds.
    """

    def __init__(self, client: Client, settings: AuditSettings) -> None:
        self._client = client
        self._settings = settings

    async def ensure_schedule(self, *, paused: bool = False) -> bool:
        """Have rounds start by schedule, with the settings as they are; return if it is new.

        Args:
            paused: a new schedule waits until somebody resumes it; one that is there keeps its
                state.

        Raises:
            TemporalDown: the server does not answer.
        """
        schedule = self._schedule(paused=paused)
        try:
            await self._client.create_schedule(messages.AUDIT_SCHEDULE, schedule)
        except ScheduleAlreadyRunningError:
            await self._bring_up_to_date(schedule)
            return False
        except RPCError as error:
            raise down(error) from error
        return True

    async def start_round(self) -> Round:
        """Start a round over all streams now, or join the one that is under way.

        Raises:
            TemporalDown: the server does not answer.
            WorkIncomplete: the schedule starts nothing.
        """
        await self.ensure_schedule()
        try:
            before = await self._handle.describe()
            if not before.info.running_actions:
                await self._handle.trigger(overlap=ScheduleOverlapPolicy.SKIP)
            return await self._started_since(before)
        except RPCError as error:
            raise down(error) from error

    async def start_stream(self, rta_id: str) -> Round:
        """Audit one stream now, or join the audit of it that is under way.

        Raises:
            TemporalDown: the server does not answer.
        """
        try:
            return await self._client.start_workflow(
                messages.AUDIT_WORKFLOW,
                self._input(rta_id),
                id=messages.stream_audit_id(rta_id),
                task_queue=messages.RTA_QUEUE,
                result_type=AuditReport,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                static_summary=f"audit of {rta_id}"[:190],
            )
        except RPCError as error:
            raise down(error) from error

    async def follow(self, followed: Round) -> AsyncIterator[AuditReport]:
        """Yield how far a round is, again and again, and its result at last.

        Raises:
            TemporalDown: the server does not answer.
            WorkIncomplete: somebody ended the round.
        """
        try:
            while (await followed.describe()).status in _GOING_ON:
                if (report := await self._ask(followed)) is not None:
                    yield report
                await asyncio.sleep(LOOK_AGAIN_S)
            yield await followed.result()
        except WorkflowFailureError as error:
            raise WorkIncomplete(f"the audit was ended: {error.cause}") from error
        except RPCError as error:
            raise down(error) from error

    async def _ask(self, followed: Round) -> AuditReport | None:
        """Ask a round how far it is; None while no worker answers."""
        try:
            report: AuditReport = await followed.query(messages.STATUS, result_type=AuditReport)
        except (RPCError, WorkflowQueryFailedError):
            return None
        return report

    async def last_round(self) -> Round | None:
        """Return the round over all streams that began last; None if there was none.

        Raises:
            TemporalDown: the server does not answer.
        """
        try:
            found = _newest(await self._handle.describe())
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise down(error) from error
        return self._round(found) if found else None

    @property
    def _handle(self) -> ScheduleHandle:
        return self._client.get_schedule_handle(messages.AUDIT_SCHEDULE)

    def _input(self, rta_id: str = "") -> AuditInput:
        chosen = self._settings
        return AuditInput(
            rta_id=rta_id,
            share=chosen.share,
            patience_s=chosen.patience_s,
            leftover_age_s=chosen.leftover_age_s,
        )

    def _schedule(self, *, paused: bool) -> Schedule:
        every = timedelta(seconds=self._settings.interval_s)
        return Schedule(
            action=ScheduleActionStartWorkflow(
                messages.AUDIT_WORKFLOW,
                self._input(),
                id=messages.AUDIT_ROUND,
                task_queue=messages.RTA_QUEUE,
                static_summary="audit of all streams",
            ),
            spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=every)]),
            policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
            state=ScheduleState(paused=paused),
        )

    async def _bring_up_to_date(self, schedule: Schedule) -> None:
        def update(found: ScheduleUpdateInput) -> ScheduleUpdate:
            standing = found.description.schedule
            return ScheduleUpdate(schedule=replace(schedule, state=standing.state))

        try:
            await self._handle.update(update)
        except RPCError as error:
            raise down(error) from error

    async def _started_since(self, before: ScheduleDescription) -> Round:
        for _ in range(round(_PATIENCE_S / LOOK_AGAIN_S)):
            described = await self._handle.describe()
            running = [_id_of(action) for action in described.info.running_actions]
            if running:
                return self._round(running[-1])
            newest = _newest(described)
            if newest and newest != _newest(before):
                return self._round(newest)
            await asyncio.sleep(LOOK_AGAIN_S)
        raise WorkIncomplete(f"the schedule {messages.AUDIT_SCHEDULE} starts no round")

    def _round(self, workflow_id: str) -> Round:
        return self._client.get_workflow_handle(workflow_id, result_type=AuditReport)


_GOING_ON = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)


def _newest(described: ScheduleDescription) -> str | None:
    results = described.info.recent_actions
    return _id_of(results[-1].action) if results else None


def _id_of(action: object) -> str:
    if not isinstance(action, ScheduleActionExecutionStartWorkflow):
        raise WorkIncomplete("the schedule of audits starts something else than rounds")
    return action.workflow_id

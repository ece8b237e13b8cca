"""After the storm: wait until the system has brought everything home by itself."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client, WorkflowExecution, WorkflowQueryFailedError
from temporalio.service import RPCError

from tests.chaos.log import EventLog
from vibesflow.data_set.orders import DataSetStatus
from vibesflow.ledger import DynamoLedger
from vibesflow.stream.records import RowStatus, StreamRecord
from workflows.messages import DATA_SET_WORKFLOW, RTA_WORKFLOW, STATUS

_POLL_S = 1.0
_TELL_EVERY_S = 10.0
_QUERY = timedelta(seconds=10)


@dataclass(frozen=True)
class Unsettled:
    """What is still under way."""

    incomplete: tuple[str, ...]
    unconfirmed: int
    running: tuple[str, ...]
    waiting: int

    def __bool__(self) -> bool:
        return bool(self.incomplete or self.unconfirmed or self.running or self.waiting)

    def __str__(self) -> str:
        return (
            f"{len(self.incomplete)} streams incomplete, {self.unconfirmed} chunks unconfirmed, "
            f"{len(self.running)} workflows running, {self.waiting} pieces to commit"
        )


class Settling:
    """Looks at the table and at the workflows."""

    def __init__(self, ledger: DynamoLedger, temporal: Client, log: EventLog) -> None:
        self._ledger = ledger
        self._temporal = temporal
        self._log = log

    async def until_settled(self, streams: frozenset[str], *, limit_s: float) -> Unsettled:
        """Return what is left when nothing is, or when the time is over."""
        began_s = told_s = self._log.elapsed_s
        while True:
            left = await self._look(streams)
            now_s = self._log.elapsed_s
            if not left or now_s - began_s > limit_s:
                return left
            if now_s - told_s > _TELL_EVERY_S:
                self._log.say(f"settling: {left}")
                self._log.note("unsettled", incomplete=left.incomplete, running=left.running)
                told_s = now_s
            await asyncio.sleep(_POLL_S)

    async def failed(self) -> tuple[str, ...]:
        """Return the workflows that ended otherwise than they should."""
        bad = "ExecutionStatus IN ('Failed', 'TimedOut', 'Terminated', 'Canceled')"
        return tuple([run.id async for run in self._temporal.list_workflows(bad)])

    async def _look(self, streams: frozenset[str]) -> Unsettled:
        incomplete, unconfirmed = await asyncio.to_thread(self._table, streams)
        running = await self._running(RTA_WORKFLOW)
        sets = await self._running(DATA_SET_WORKFLOW)
        waiting = [await self._waiting(run) for run in sets]
        return Unsettled(
            incomplete=incomplete,
            unconfirmed=unconfirmed,
            running=tuple(run.id for run in running),
            waiting=sum(waiting),
        )

    def _table(self, streams: frozenset[str]) -> tuple[tuple[str, ...], int]:
        records = {rta_id: self._ledger.get_stream(rta_id) for rta_id in sorted(streams)}
        incomplete = tuple(rta_id for rta_id, found in records.items() if not _is_complete(found))
        rows = (row for rta_id in streams for row in self._ledger.list_chunks(rta_id))
        return incomplete, sum(row.status is not RowStatus.UPLOADED for row in rows)

    async def _running(self, kind: str) -> list[WorkflowExecution]:
        query = f"WorkflowType = '{kind}' AND ExecutionStatus = 'Running'"
        return [run async for run in self._temporal.list_workflows(query)]

    async def _waiting(self, run: WorkflowExecution) -> int:
        """Return how many pieces wait for a commit; a data set that does not answer has some."""
        handle = self._temporal.get_workflow_handle(run.id)
        try:
            status = await handle.query(STATUS, result_type=DataSetStatus, rpc_timeout=_QUERY)
        except (RPCError, WorkflowQueryFailedError) as error:
            self._log.note("no answer", workflow=run.id, words=str(error))
            return 1
        return status.waiting + status.committing


def _is_complete(record: StreamRecord | None) -> bool:
    return record is not None and record.is_complete

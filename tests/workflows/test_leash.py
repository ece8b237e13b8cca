"""A step on a leash that failed at first: a replay takes the same way as the run did."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from activities.messages import AppendChunks, AppendedChunks
from workflows import policies
from workflows.messages import RTA_QUEUE

_NEVER_S = 60


@workflow.defn
class AppendOnce:
    @workflow.run
    async def run(self) -> None:
        request = AppendChunks(rta_id="s", writes=(), at="2026-01-01T00:00:00Z")
        await policies.APPEND_CHUNKS(request, summary="rows")


@activity.defn(name="append_chunks")
async def hangs_at_first(_: AppendChunks) -> AppendedChunks:
    if activity.info().is_local:
        await asyncio.sleep(_NEVER_S)
    return AppendedChunks()


@activity.defn(name="append_chunks")
async def fails_at_first(_: AppendChunks) -> AppendedChunks:
    if activity.info().is_local:
        raise ApplicationError("throttled", type="table_throttled")
    return AppendedChunks()


@pytest.mark.parametrize("append", [hangs_at_first, fails_at_first])
async def test_a_step_that_failed_on_its_leash_replays(
    temporal_client: Client, append: object
) -> None:
    history = await _history(temporal_client, append)
    replayer = Replayer(
        workflows=[AppendOnce],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    await replayer.replay_workflow(history)


async def _history(client: Client, append: object) -> WorkflowHistory:
    # The queue of the step itself, which nobody else serves while this test runs.
    async with Worker(
        client,
        task_queue=RTA_QUEUE,
        workflows=[AppendOnce],
        activities=[append],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            AppendOnce.run, id=f"append-once-{uuid.uuid4().hex}", task_queue=RTA_QUEUE
        )
        await handle.result()
        return await handle.fetch_history()

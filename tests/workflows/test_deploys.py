"""A new build while streams run: who stays, who moves, and what a stopping worker finishes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.api.enums.v1 import PendingActivityState
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from devnet.temporal import temporal_program
from tests.fixtures.temporal import start_local
from tests.workflows.harness import StreamHarness
from workflows import versions
from workflows.messages import RtaResult

LIMIT_S = 60


@pytest.fixture
async def versioned(tmp_path: Path) -> AsyncIterator[StreamHarness]:
    """A server of its own: once a build is current, its queues serve no worker without one."""
    async with start_local() as env:
        yield StreamHarness(env, tmp_path)


async def set_current(streams: StreamHarness, build_id: str) -> None:
    """Run the command of docs/deploys.md until the server has seen the build's workers."""
    address = streams.client.service_client.config.target_host
    options = ["--deployment-name", "vibesflow", "--build-id", build_id, "--yes"]
    async with asyncio.timeout(LIMIT_S):
        while True:
            process = await asyncio.create_subprocess_exec(
                temporal_program(),
                *("worker", "deployment", "set-current-version", "--address", address),
                *options,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            if await process.wait() == 0:
                return
            await asyncio.sleep(0.3)


async def builds_of(streams: StreamHarness, workflow_id: str) -> set[str]:
    """The builds that did the workflow tasks of a workflow's newest run."""
    history = await streams.client.get_workflow_handle(workflow_id).fetch_history()
    tasks = [
        event.workflow_task_completed_event_attributes
        for event in history.events
        if event.HasField("workflow_task_completed_event_attributes")
    ]
    return {task.deployment_version.build_id for task in tasks}


async def until_build(streams: StreamHarness, workflow_id: str, build_id: str) -> None:
    async with asyncio.timeout(LIMIT_S):
        while await builds_of(streams, workflow_id) != {build_id}:
            await asyncio.sleep(0.2)


async def test_a_running_stream_stays_on_its_build_and_a_new_one_takes_the_new(
    versioned: StreamHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "_SETTLED_EVENTS", 5)
    streams = versioned
    async with streams.worker(build_id="1"):
        await set_current(streams, "1")
        await streams.send("rta_old", 0)
        await until_build(streams, "rta:rta_old", "1")
        async with streams.worker(build_id="2"):
            await set_current(streams, "2")
            await streams.send("rta_new", 0, final=0)
            await streams.until_version("rta_new", 1, timeout_s=LIMIT_S)
            await streams.send("rta_old", 1, final=1)
            await streams.until_version("rta_old", 1, timeout_s=LIMIT_S)
            assert await builds_of(streams, "rta:rta_old") == {"1"}
            assert await builds_of(streams, "rta:rta_new") == {"2"}
            # A data set has no end, so it moves: its next run begins on the current build.
            await until_build(streams, streams.data_set_id(1), "2")
    assert streams.record("rta_old").uploaded == 2
    assert set(streams.filecoin.paid.values()) == {1}


async def is_storing(handle: WorkflowHandle[object, RtaResult]) -> bool:
    """Tell whether a worker has begun an upload; one that is only waiting may wait longer."""
    pending = (await handle.describe()).raw_description.pending_activities
    started = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED
    return any(a.activity_type.name == "store_chunk" and a.state == started for a in pending)


async def test_an_upload_under_way_ends_in_its_first_attempt_when_the_worker_is_stopped(
    temporal_env: WorkflowEnvironment, tmp_path: Path, rta_id: str
) -> None:
    streams = StreamHarness(temporal_env, tmp_path)
    streams.filecoin.store_open.clear()
    async with asyncio.timeout(LIMIT_S), streams.worker(grace_s=LIMIT_S):
        await streams.send(rta_id, 0, final=0)
        handle = streams.handle(rta_id)
        while not await is_storing(handle):
            await asyncio.sleep(0.1)
        asyncio.get_running_loop().call_later(1, streams.filecoin.store_open.set)
    assert sum(streams.filecoin.stores.values()) == 1
    async with streams.worker():
        await streams.until_version(rta_id, 1, timeout_s=LIMIT_S)
    attempts = [
        event.activity_task_started_event_attributes.attempt
        for event in (await handle.fetch_history()).events
        if event.HasField("activity_task_started_event_attributes")
    ]
    assert set(attempts) == {1}
    assert sum(streams.filecoin.stores.values()) == 2  # the chunk, and the document

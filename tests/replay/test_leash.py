"""Runs that tried to write rows inside the workflow task, and failed there, still replay."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from activities.messages import AppendChunks
from workflows import policies

HISTORIES = Path(__file__).with_name("leash")


@workflow.defn
class AppendOnce:
    """What the histories were recorded of: one that hung at first, one that failed at first."""

    @workflow.run
    async def run(self) -> None:
        request = AppendChunks(rta_id="s", writes=(), at="2026-01-01T00:00:00Z")
        await policies.APPEND_CHUNKS(request, summary="rows")


@pytest.mark.parametrize("name", ["hangs_at_first", "fails_at_first"])
async def test_a_step_that_failed_on_its_leash_replays(name: str) -> None:
    replayer = Replayer(
        workflows=[AppendOnce],
        workflow_runner=UnsandboxedWorkflowRunner(),
        data_converter=pydantic_data_converter,
    )
    history = WorkflowHistory.from_json(name, (HISTORIES / f"{name}.json").read_text())
    await replayer.replay_workflow(history)

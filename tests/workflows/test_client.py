"""What clients hear of a stream that runs and cannot answer."""

from __future__ import annotations

import uuid

from temporalio import workflow
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from vibesflow.settings import StreamSettings
from workflows import messages
from workflows.client import StreamClient
from workflows.messages import RtaInput, workflow_id


@workflow.defn(name=messages.RTA_WORKFLOW)
class SpeechlessStream:
    """Runs, and fails every query as a run does that cannot be replayed."""

    @workflow.run
    async def run(self, _: RtaInput) -> None:
        await workflow.wait_condition(lambda: False)

    @workflow.query(name=messages.STATUS)
    def status(self) -> str:
        raise ValueError("no words")


async def test_a_query_that_fails_is_no_answer_so_that_readers_ask_the_table(
    temporal_env: WorkflowEnvironment,
) -> None:
    rta_id = f"rta_{uuid.uuid4().hex[:12]}"
    client = temporal_env.client
    async with Worker(
        client,
        task_queue=rta_id,
        workflows=[SpeechlessStream],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        handle = await client.start_workflow(
            messages.RTA_WORKFLOW,
            RtaInput(rta_id=rta_id),
            id=workflow_id(rta_id),
            task_queue=rta_id,
        )
        streams = StreamClient(client, StreamSettings())
        assert await streams.status(rta_id) is None
        assert await streams.is_running(rta_id)
        await handle.terminate()

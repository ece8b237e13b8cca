"""A data set that somebody terminated has forgotten its orders, and tells nobody."""

from __future__ import annotations

from datetime import timedelta

from temporalio.testing import WorkflowEnvironment

from tests.workflows.harness import StreamHarness
from workflows import limits


async def test_orders_that_were_forgotten_are_given_again(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str
) -> None:
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, 1, final=1)
    await skipped_time.sleep(timedelta(minutes=1))
    data_set = streams.client.get_workflow_handle(streams.data_set_id(1))
    await data_set.terminate("by an operator")
    streams.filecoin.chain_open = True
    await skipped_time.sleep(limits.SILENCE / 2)
    assert (await streams.status(rta_id)).confirmed == 0
    result = await streams.result(rta_id)
    assert (result.chunks, result.parked) == (2, 0)
    assert streams.record(rta_id).uploaded == 2
    assert set(streams.filecoin.paid.values()) == {1}

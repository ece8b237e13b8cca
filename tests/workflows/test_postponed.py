"""Orders that a data set has no room for, on skipped time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.workflows.harness import StreamHarness
from workflows import limits


async def test_what_was_put_off_is_ordered_once_there_is_room(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vibesflow.data_set.state.MOST_QUEUED", 1)
    monkeypatch.setattr(limits, "ROOM_PAUSE", timedelta(hours=6))
    streams.filecoin.chain_open = False
    await streams.send(rta_id, 0, 1, 2, final=2)
    await skipped_time.sleep(timedelta(minutes=2))
    began = await skipped_time.get_current_time()
    assert (await streams.status(rta_id)).confirmed == 0
    streams.filecoin.chain_open = True
    await streams.result(rta_id)
    assert streams.record(rta_id).uploaded == 3
    assert set(streams.filecoin.paid.values()) == {1}
    # The first confirmation ends the pause; the document and the last chunk may wait for another.
    assert await skipped_time.get_current_time() - began < timedelta(hours=6)

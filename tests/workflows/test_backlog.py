"""Many streams come out of an outage together: a data set takes their orders and stays small."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from workflows import limits

STREAMS, CHUNKS = 30, 8
LEAVE_EVENTS = 250
CARRIED = 40


async def test_a_data_set_begins_anew_in_the_middle_of_a_backlog(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LEAVE_EVENTS", LEAVE_EVENTS)
    monkeypatch.setattr("vibesflow.data_set.state.MOST_CARRIED", CARRIED)
    streams.filecoin.chain_open = False
    ids = [f"{rta_id}_{n}" for n in range(STREAMS)]
    for sequence in range(CHUNKS):
        chunks = [make_chunk(sequence, rta_id=i, final=sequence == CHUNKS - 1) for i in ids]
        await asyncio.gather(*map(streams.submit, chunks))
    await skipped_time.sleep(timedelta(minutes=3))
    streams.filecoin.chain_open = True
    for each in ids:
        await streams.result(each)
        assert streams.record(each).uploaded == CHUNKS
    assert set(streams.filecoin.paid.values()) == {1}
    lengths = await streams.history_lengths(streams.data_set_id(1))
    assert len(lengths) > 2
    most_at_once = 2 * STREAMS * (CHUNKS + 1)  # all orders there are, and as many put off
    assert max(lengths) < LEAVE_EVENTS + most_at_once


async def test_a_data_set_begins_anew_although_its_batch_hangs(
    skipped_time: WorkflowEnvironment,
    streams: StreamHarness,
    rta_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LEAVE_EVENTS", 60)
    monkeypatch.setattr("vibesflow.data_set.state.MOST_CARRIED", 20)
    streams.filecoin.chain_open = False
    ids = [f"{rta_id}_{n}" for n in range(10)]
    for sequence in range(CHUNKS):
        for each in ids:
            await streams.send(each, sequence, final=CHUNKS - 1)
        await skipped_time.sleep(timedelta(minutes=10))
    lengths = await streams.history_lengths(streams.data_set_id(1))
    assert len(lengths) > 2
    assert max(lengths) < 60 + 4 * 10 * (CHUNKS + 1)
    streams.filecoin.chain_open = True
    for each in ids:
        await streams.result(each)
        assert streams.record(each).uploaded == CHUNKS
    assert set(streams.filecoin.paid.values()) == {1}

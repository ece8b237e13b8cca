"""Streams that grow long while nothing moves: memory, payloads and runs keep their bounds."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio.testing import WorkflowEnvironment

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.errors import ProviderDown
from vibesflow.stream.records import RowStatus
from vibesflow.stream.shelving import MOST_TRACKED
from workflows import limits

CHUNKS = 200


async def hand_in(streams: StreamHarness, rta_id: str, count: int) -> None:
    chunks = [make_chunk(n, rta_id=rta_id, final=n == count - 1) for n in range(count)]
    for start in range(0, count, 20):
        ten = chunks[start : start + 20]
        await asyncio.gather(*(streams.submit(chunk) for chunk in ten))


@pytest.fixture
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LEAVE_EVENTS", 300)
    monkeypatch.setattr(limits, "DRAIN_EVENTS", 400)


async def until_stored(streams: StreamHarness, rta_id: str, count: int) -> None:
    async with asyncio.timeout(120):
        while (status := await streams.streams.status(rta_id)) is None or status.stored < count:
            await asyncio.sleep(0.1)


async def test_an_empty_wallet_fills_the_table_and_not_the_memory(
    live_streams: StreamHarness, rta_id: str, short_runs: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FUNDS_PAUSE", timedelta(seconds=1))
    monkeypatch.setattr(limits, "ROOM_PAUSE", timedelta(seconds=1))
    streams = live_streams
    streams.filecoin.wallet_is_empty = True
    await hand_in(streams, rta_id, CHUNKS)
    await until_stored(streams, rta_id, CHUNKS)
    page = await streams.streams.chunks(rta_id, limit=CHUNKS)
    assert page is not None
    assert page.total <= MOST_TRACKED
    waiting = [row for row in streams.ledger.list_chunks(rta_id) if row.ordered]
    assert len(waiting) >= CHUNKS - MOST_TRACKED
    streams.filecoin.wallet_is_empty = False
    async with asyncio.timeout(120):
        result = await streams.result(rta_id)
    assert (result.chunks, result.parked) == (CHUNKS, 0)
    assert len(streams.runs) > 1
    rows = list(streams.ledger.list_chunks(rta_id))
    assert [row.status for row in rows] == [RowStatus.UPLOADED] * CHUNKS
    assert set(streams.filecoin.paid.values()) == {1}
    assert [key async for key in streams.staging.keys(rta_id)] == []


async def test_dead_providers_fill_the_table_and_not_the_memory(
    skipped_time: WorkflowEnvironment, streams: StreamHarness, rta_id: str, short_runs: None
) -> None:
    streams.filecoin.store_faults = [ProviderDown("down")] * 10**6
    count = MOST_TRACKED + 60
    with skipped_time.auto_time_skipping_disabled():
        await hand_in(streams, rta_id, count)
        async with asyncio.timeout(60):
            while len(list(streams.ledger.list_chunks(rta_id))) < 50:
                await asyncio.sleep(0.1)
    assert {row.piece_cid for row in streams.ledger.list_chunks(rta_id)} == {None}
    streams.filecoin.store_faults.clear()
    await skipped_time.sleep(timedelta(minutes=2))
    result = await streams.result(rta_id)
    assert (result.chunks, result.parked) == (count, 0)
    assert streams.record(rta_id).uploaded == count
    assert set(streams.filecoin.paid.values()) == {1}

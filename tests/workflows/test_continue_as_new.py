"""Continue-as-new under load, on the full server.

The time-skipping one stops its clock for ever when a run leaves an activity behind.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.stream.records import RowStatus
from workflows import limits

FLOOD = 600


async def test_600_signals_flooding_a_continue_as_new_are_all_stored_once(
    live_streams: StreamHarness, rta_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = live_streams
    monkeypatch.setattr(limits, "LEAVE_EVENTS", 400)
    monkeypatch.setattr(limits, "DRAIN_EVENTS", 600)
    chunks = [make_chunk(n, rta_id=rta_id, final=n == FLOOD - 1) for n in range(FLOOD)]
    for chunk in chunks:
        await streams.stage(chunk)
    for start in range(0, FLOOD, 20):
        await asyncio.gather(*(streams.streams.submit(c) for c in chunks[start : start + 20]))
    await streams.until_version(rta_id, 1, timeout_s=250)
    rows = list(streams.ledger.list_chunks(rta_id))
    assert len(rows) == FLOOD
    assert {row.status for row in rows} == {RowStatus.UPLOADED}
    assert set(streams.filecoin.stores.values()) == {1}
    assert set(streams.filecoin.paid.values()) == {1}
    await streams.result(rta_id)
    assert len(streams.runs) > 3


async def test_a_stream_whose_uploads_hang_still_begins_anew(
    live_streams: StreamHarness, rta_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = live_streams
    monkeypatch.setattr(limits, "LEAVE_EVENTS", 6)
    monkeypatch.setattr(limits, "DRAIN_EVENTS", 10)
    monkeypatch.setattr(limits, "DRAIN_TIME", timedelta(seconds=0.5))
    streams.filecoin.store_open.clear()
    await streams.send(rta_id, 0, 1, 2, 3)
    async with asyncio.timeout(30):
        while len(await streams.runs_of(f"rta:{rta_id}")) < 2:
            await asyncio.sleep(0.1)
    await streams.send(rta_id, 4, 5, final=5)
    assert (await streams.status(rta_id)).received == 6
    streams.filecoin.store_open.set()
    async with asyncio.timeout(60):
        await streams.result(rta_id)
    assert streams.record(rta_id).uploaded == 6
    assert set(streams.filecoin.paid.values()) == {1}

"""What a dead worker had under way must not wait for its timeout, not even what blocks a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

import pytest

from activities import heart
from tests.workflows.harness import StreamHarness
from vibesflow.stream.records import RowWrite


@pytest.fixture
def standing_table(streams: StreamHarness, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A table that answers no append until the event is set."""
    answers = threading.Event()
    settle_rows = streams.ledger.settle_rows

    def settle_late(rta_id: str, writes: Sequence[RowWrite]) -> int:
        assert answers.wait(60)
        return settle_rows(rta_id, writes)

    monkeypatch.setattr(streams.ledger, "settle_rows", settle_late)
    return answers


async def test_a_step_that_blocks_in_the_table_sends_heartbeats(
    streams: StreamHarness,
    rta_id: str,
    standing_table: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heart, "BEAT_S", 0.1)
    await streams.send(rta_id, 0)
    try:
        async with asyncio.timeout(30):
            while not await has_beaten(streams, rta_id):
                await asyncio.sleep(0.1)
    finally:
        standing_table.set()


async def has_beaten(streams: StreamHarness, rta_id: str) -> bool:
    described = await streams.handle(rta_id).describe()
    return any(
        pending.last_heartbeat_time.ToNanoseconds() > pending.last_started_time.ToNanoseconds()
        for pending in described.raw_description.pending_activities
        if pending.activity_type.name == "append_chunks"
    )

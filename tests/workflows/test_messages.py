"""Updates, queries and what the Web UI shows, on the full server."""

from __future__ import annotations

import asyncio

import pytest

from tests.stream.chunks import make_chunk
from tests.workflows.harness import StreamHarness
from vibesflow.errors import NothingToComplete
from vibesflow.stream.status import StreamState
from workflows.messages import CREATOR_KEY, STATE_KEY, workflow_id


async def test_complete_answers_with_the_version(live_streams: StreamHarness, rta_id: str) -> None:
    await live_streams.send(rta_id, 0, 1)
    reply = await live_streams.streams.complete(rta_id)
    assert reply is not None
    assert (reply.state, reply.already) == (StreamState.COMPLETE, False)
    assert (reply.document_version, reply.chunks) == (1, 2)
    await live_streams.result(rta_id)
    assert await live_streams.streams.complete(rta_id) is None
    assert await live_streams.streams.status(rta_id) is None
    assert not await live_streams.streams.is_running(rta_id)


async def test_complete_without_a_piece_is_refused(
    live_streams: StreamHarness, rta_id: str
) -> None:
    await live_streams.streams.submit(make_chunk(0, rta_id=rta_id))  # nothing staged: parked
    while not (await live_streams.status(rta_id)).parked:
        await asyncio.sleep(0.05)
    with pytest.raises(NothingToComplete):
        await live_streams.streams.complete(rta_id)


async def test_complete_that_takes_longer_says_so(live_streams: StreamHarness, rta_id: str) -> None:
    live_streams.filecoin.chain_open = False
    await live_streams.send(rta_id, 0)
    reply = await live_streams.streams.complete(rta_id, wait_s=1)
    assert reply is not None
    assert reply.state is StreamState.FINISHING
    live_streams.filecoin.chain_open = True
    result = await live_streams.result(rta_id)
    assert result.version == 1


async def test_a_stream_nobody_knows(live_streams: StreamHarness, rta_id: str) -> None:
    assert await live_streams.streams.complete(rta_id) is None
    assert await live_streams.streams.chunks(rta_id) is None
    assert not await live_streams.streams.is_running(rta_id)
    await live_streams.streams.retry(rta_id)
    result = await live_streams.result(rta_id)
    assert result.state == "unknown"
    assert rta_id not in live_streams.ledger.records


async def test_the_web_ui_is_told_creator_state_and_details(
    live_streams: StreamHarness, rta_id: str
) -> None:
    await live_streams.send(rta_id, 0, 2)
    handle = live_streams.handle(rta_id)
    while (await live_streams.status(rta_id)).confirmed < 2:
        await asyncio.sleep(0.05)
    described = await handle.describe()
    attributes = described.typed_search_attributes
    assert attributes.get(CREATOR_KEY) == "0xabc"
    assert attributes.get(STATE_KEY) == "recording"
    assert await described.static_summary() == f"{rta_id} by 0xabc"
    metadata = await handle.query("__temporal_workflow_metadata")
    details = metadata.current_details
    assert "**recording** · 2 received · 2 confirmed" in details
    assert "Missing of session" in details
    await live_streams.streams.complete(rta_id)
    await live_streams.result(rta_id)
    assert (await handle.describe()).typed_search_attributes.get(STATE_KEY) == "complete"


async def test_pages_of_chunks(live_streams: StreamHarness, rta_id: str) -> None:
    live_streams.filecoin.chain_open = False
    await live_streams.send(rta_id, 3, 1, 2, 0)
    while (await live_streams.status(rta_id)).stored < 4:
        await asyncio.sleep(0.05)
    page = await live_streams.streams.chunks(rta_id, offset=1, limit=2)
    assert page is not None
    assert [chunk.sequence for chunk in page.chunks] == [1, 2]
    assert page.total == 4
    every = await live_streams.client.get_workflow_handle(workflow_id(rta_id)).query("chunks")
    assert every["total"] == 4
    live_streams.filecoin.chain_open = True
    await live_streams.streams.complete(rta_id)


async def test_twenty_chunks_cost_little_history(live_streams: StreamHarness, rta_id: str) -> None:
    live_streams.filecoin.confirm_after_s = 0.3
    for sequence in range(20):
        await live_streams.submit(make_chunk(sequence, rta_id=rta_id, final=sequence == 19))
        await asyncio.sleep(0.1)
    await live_streams.result(rta_id)
    described = await live_streams.handle(rta_id).describe()
    info = described.raw_description.workflow_execution_info
    assert info.history_length <= 20 * 20
    assert info.history_size_bytes <= 20 * 4096
    history = await live_streams.handle(rta_id).fetch_history()
    assert max(event.ByteSize() for event in history.events) < 16 * 1024

"""What readers rely on, asked of the fake streams and of real workflows alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.service import RPCError

from tests.fakes.streams import FakeStreams
from tests.samples import CREATOR, chunk_ref
from tests.workflows.harness import StreamHarness
from vibesflow.ingest import ChunkSubmitter
from vibesflow.query import LiveStreams
from vibesflow.stream.status import ChunkPhase, StreamState, StreamStatus


class Streams(ChunkSubmitter, LiveStreams):
    """Both ports on one object, as the door has them."""


@pytest_asyncio.fixture(params=["fake", "real"])
async def streams(request, temporal_env, tmp_path, rta_id) -> AsyncIterator[Streams]:
    if request.param == "fake":
        yield FakeStreams()
        return
    harness = StreamHarness(temporal_env, tmp_path)
    harness.filecoin.store_open.clear()  # a chunk stays where it is: received
    async with harness.worker():
        yield harness.streams
        with suppress(RPCError):  # the server outlives this test, the stream need not
            await harness.handle(rta_id).terminate()


@pytest.fixture
def rta_id() -> str:
    return f"rta_{uuid4().hex[:12]}"


async def test_a_stream_that_was_never_started(streams, rta_id):
    assert not await streams.is_running(rta_id)
    assert await streams.status(rta_id) is None
    assert await streams.chunks(rta_id) is None
    assert await streams.complete(rta_id) is None
    await streams.check()


async def admitted(streams: Streams, rta_id: str, signals: int) -> StreamStatus:
    """Wait until the stream has looked at every signal."""
    async with asyncio.timeout(20):
        while True:
            status = await streams.status(rta_id)
            known = status is not None and status.creator and status.received + status.duplicates
            if status is not None and known == signals:
                return status
            await asyncio.sleep(0.02)


async def test_a_submitted_chunk_is_held_as_it_was_sent(streams, rta_id):
    chunk = chunk_ref(3, rta_id=rta_id)
    await streams.submit(chunk)
    assert await streams.is_running(rta_id)
    status = await admitted(streams, rta_id, 1)
    assert (status.rta_id, status.creator, status.received) == (rta_id, CREATOR, 1)
    assert (status.state, status.document_version) == (StreamState.RECORDING, 0)
    page = await streams.chunks(rta_id)
    assert (page.total, page.offset) == (1, 0)
    (view,) = page.chunks
    assert (view.chunk_id, view.sequence, view.size) == (chunk.chunk_id, 3, chunk.size)
    assert (view.phase, view.piece_cid) == (ChunkPhase.RECEIVED, None)


async def test_a_copy_is_counted_as_one(streams, rta_id):
    for _ in range(3):
        await streams.submit(chunk_ref(0, rta_id=rta_id))
    async with asyncio.timeout(20):
        while (await streams.status(rta_id)).duplicates < 2:
            await asyncio.sleep(0.02)
    assert (await streams.status(rta_id)).received == 1


async def test_chunks_come_in_stream_order_page_by_page(streams, rta_id):
    for sequence in (4, 0, 3, 1, 2):
        await streams.submit(chunk_ref(sequence, rta_id=rta_id))
    await admitted(streams, rta_id, 5)
    pages = [await streams.chunks(rta_id, offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert [[view.sequence for view in page.chunks] for page in pages] == [[0, 1], [2, 3], [4], []]
    assert {page.total for page in pages} == {5}


async def test_completing_waits_for_a_chunk_that_is_being_stored(streams, rta_id):
    await streams.submit(chunk_ref(0, rta_id=rta_id))
    await admitted(streams, rta_id, 1)
    reply = await streams.complete(rta_id, wait_s=0.2)
    assert (reply.state, reply.already) == (StreamState.FINISHING, False)
    assert await streams.is_running(rta_id)

"""What a stream costs in history: bounded by the chunk, whatever happens around it."""

import httpx
import pytest
from temporalio.client import Client

from tests.e2e.recorder import Recorder
from tests.fixtures.world import RunningWorld

CHUNKS = 20
MOST_EVENTS = 20
MOST_BYTES = 4_096
MOST_PAYLOAD_BYTES = 16_384


@pytest.fixture(scope="module")
async def recorder(door: httpx.AsyncClient) -> Recorder:
    recorded = Recorder(door, "history", chunks=CHUNKS, chunk_s=1.6)
    for chunk in recorded.chunks:
        assert (await recorded.send(chunk)).status_code == 202
    await recorded.until_complete()
    return recorded


async def test_a_chunk_costs_few_events_and_few_bytes(
    world: RunningWorld, recorder: Recorder
) -> None:
    client = await Client.connect(world.ready.temporal, namespace=world.ready.namespace)
    stream = client.get_workflow_handle(f"rta:{recorder.rta_id}")
    await stream.result()
    events = (await stream.fetch_history()).events
    assert len(events) <= MOST_EVENTS * CHUNKS
    assert sum(event.ByteSize() for event in events) <= MOST_BYTES * CHUNKS
    assert max(event.ByteSize() for event in events) <= MOST_PAYLOAD_BYTES


async def test_no_audio_travels_through_history(world: RunningWorld, recorder: Recorder) -> None:
    client = await Client.connect(world.ready.temporal, namespace=world.ready.namespace)
    stream = client.get_workflow_handle(f"rta:{recorder.rta_id}")
    written = b"".join([e.SerializeToString() for e in (await stream.fetch_history()).events])
    for chunk in recorder.chunks:
        assert chunk.chunk_id.encode() in written
        assert chunk.data[100:164] not in written

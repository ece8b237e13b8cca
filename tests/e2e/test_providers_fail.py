"""One provider is full and another one dies; every chunk still ends with two confirmed copies."""

import asyncio
from pathlib import Path

import httpx
import pytest

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName
from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder
from tests.e2e.test_crash import COPIES, kill
from tests.fixtures.world import RunningWorld

CHUNKS = 8
PATIENCE_S = 240

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)


async def test_a_full_and_a_killed_provider_cost_no_copy(
    world: RunningWorld, door: httpx.AsyncClient
) -> None:
    ready = world.ready
    recorder = Recorder(door, "copies", chunks=CHUNKS, chunk_s=1.3)
    async with FaultClient(ready.providers[1]) as second:
        await second.set(FaultOrder(name=FaultName.FULL))
        try:
            for chunk in recorder.chunks[: CHUNKS // 2]:
                assert (await recorder.send(chunk)).status_code == 202
            dying = asyncio.create_task(kill(world, "provider_3"))
            for chunk in recorder.chunks[CHUNKS // 2 :]:
                assert (await recorder.send(chunk)).status_code == 202
            await dying
            status = await recorder.until_complete(limit_s=PATIENCE_S)
        finally:
            await second.heal()
    assert (status["uploadedChunks"], status["failedChunks"]) == (CHUNKS, 0)
    on_chain = pieces_on_chain(ready.rpc, Path(ready.devnet_info))
    for chunk in recorder.chunks:
        assert copies_on_chain(on_chain, piece_cid(chunk.data)) == [1] * COPIES

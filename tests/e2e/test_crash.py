"""Processes die in the middle of a stream; every chunk arrives, and none twice."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder
from tests.e2e.table import RawTable
from tests.fixtures.world import RunningWorld
from vibesflow.settings import FilecoinSettings

COPIES = FilecoinSettings.model_fields["copies"].default
CHUNKS = 12
PATIENCE_S = 240
"""Temporal notices a dead worker by half a minute without a heartbeat, then uploads go on."""

pytestmark = pytest.mark.timeout(PATIENCE_S + 60)


async def kill(world: RunningWorld, part: str) -> None:
    """Kill a part and return once the world says that it is back."""
    pid = world.ready.pids[part]
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(60):
        while world.ready.pids[part] == pid:
            await asyncio.sleep(0.1)


async def check_once_everywhere(recorder: Recorder, table: RawTable, world: RunningWorld) -> None:
    status = await recorder.until_complete(limit_s=PATIENCE_S)
    assert (status["uploadedChunks"], status["failedChunks"]) == (CHUNKS, 0)
    rows = table.rows(recorder.rta_id)
    assert sorted(row["chunk_id"] for row in rows) == sorted(c.chunk_id for c in recorder.chunks)
    summary = table.summary(recorder.rta_id)
    assert (summary["chunks"], summary["uploaded"]) == (CHUNKS, CHUNKS)
    ready = world.ready
    on_chain = pieces_on_chain(ready.rpc, Path(ready.devnet_info))
    for chunk in recorder.chunks:
        assert copies_on_chain(on_chain, piece_cid(chunk.data)) == [1] * COPIES


async def test_a_killed_worker_loses_and_doubles_nothing(
    world: RunningWorld, door: httpx.AsyncClient, table: RawTable
) -> None:
    recorder = Recorder(door, "worker", chunks=CHUNKS, chunk_s=1.1)
    for chunk in recorder.chunks[: CHUNKS // 2]:
        assert (await recorder.send(chunk)).status_code == 202
    dying = asyncio.create_task(kill(world, "worker"))
    for chunk in recorder.chunks[CHUNKS // 2 :]:
        assert (await recorder.send(chunk)).status_code == 202
    await dying
    await check_once_everywhere(recorder, table, world)


async def test_a_killed_provider_loses_and_doubles_nothing(
    world: RunningWorld, door: httpx.AsyncClient, table: RawTable
) -> None:
    recorder = Recorder(door, "provider", chunks=CHUNKS, chunk_s=1.2)
    for chunk in recorder.chunks[: CHUNKS // 2]:
        assert (await recorder.send(chunk)).status_code == 202
    dying = asyncio.create_task(kill(world, "provider_1"))
    for chunk in recorder.chunks[CHUNKS // 2 :]:
        assert (await recorder.send(chunk)).status_code == 202
    await dying
    await check_once_everywhere(recorder, table, world)

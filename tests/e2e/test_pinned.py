"""No provider takes anything: a chunk is played from IPFS, and moves to Filecoin afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder
from tests.fixtures.pinning import TOKEN, pinning_service
from tests.fixtures.world import RunningWorld, running_world

PATIENCE_S = 200

pytestmark = pytest.mark.timeout(2 * PATIENCE_S)


async def chunk_status(recorder: Recorder, door: httpx.AsyncClient) -> dict[str, object]:
    reply = await door.get(f"/filecoin/status/{recorder.rta_id}")
    status: dict[str, object] = reply.json()["chunks"].get(recorder.chunks[0].chunk_id, {})
    return status


async def order_everywhere(world: RunningWorld, fault: FaultName | None) -> None:
    for url in world.ready.providers:
        async with FaultClient(url) as provider:
            await (provider.set(FaultOrder(name=fault)) if fault else provider.heal())


async def test_a_chunk_is_pinned_played_and_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pinning_service(tmp_path / "pins") as service:
        for name, value in {
            "TOKEN": TOKEN,
            "URL": service.url,
            "FILES_URL": service.files_url,
            "GATEWAY": str(service.gateway),
            "AFTER_S": "1",
        }.items():
            monkeypatch.setenv(f"VIBESFLOW_PINNING_{name}", value)
        with running_world(tmp_path) as world:
            await pinned_played_and_moved(world)


async def pinned_played_and_moved(world: RunningWorld) -> None:
    async with (
        httpx.AsyncClient(base_url=world.ready.api, timeout=30, trust_env=False) as door,
        asyncio.timeout(PATIENCE_S),
    ):
        recorder = Recorder(door, "pinned", chunks=1, chunk_s=1.7)
        await order_everywhere(world, FaultName.FULL)
        assert (await recorder.send(recorder.chunks[0])).status_code == 202
        while not (shown := await chunk_status(recorder, door)).get("usedFallback"):
            await asyncio.sleep(0.5)
        assert shown["status"] == "processing"
        played = await door.get(f"/api/proxy/{shown['filecoinCid']}")
        assert played.content == recorder.chunks[0].data
        pinned_at = str(shown["filcdnUrl"])
        await order_everywhere(world, None)
        await recorder.until_complete(limit_s=PATIENCE_S)
        shown = await chunk_status(recorder, door)
        assert (shown["status"], shown["usedFallback"]) == ("uploaded", False)
        assert shown["filecoinCid"] == piece_cid(recorder.chunks[0].data)
        async with httpx.AsyncClient(trust_env=False) as anybody:
            while (await anybody.get(pinned_at)).status_code == httpx.codes.OK:
                await asyncio.sleep(0.5)

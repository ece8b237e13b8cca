"""A payer without money: chunks are taken and stored, status says why they wait, `fund` helps.

Nobody commits them meanwhile, so the providers drop them, as they would after two hours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from devnet.fault_client import FaultClient
from devnet.provider.fault_order import FaultOrder
from devnet.provider.faults import FaultName
from tests.e2e.chain import copies_on_chain, pieces_on_chain
from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder
from tests.fixtures.world import VIBESFLOW, RunningWorld, running_world

CHUNKS = 3
COPIES = 2
PATIENCE_S = 120

pytestmark = pytest.mark.timeout(PATIENCE_S * 2)


@pytest.fixture(scope="module")
def poor_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWorld]:
    with running_world(tmp_path_factory.mktemp("poor"), "--empty-wallet") as running:
        yield running


async def vibesflow(world: RunningWorld, *arguments: str) -> dict[str, Any]:
    command = [VIBESFLOW, "--env-file", world.ready.env_file, *arguments, "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    document: dict[str, Any] = json.loads(out)
    return document


async def until_waiting(world: RunningWorld, rta_id: str) -> str:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            reason = (await vibesflow(world, "status", rta_id))["waiting_for"]
            if reason is not None:
                return str(reason)
            await asyncio.sleep(0.5)


async def forget(world: RunningWorld, cids: list[str]) -> None:
    """Have every provider drop what is not committed; return once nobody serves the pieces."""
    order = FaultOrder(name=FaultName.FORGETFUL, delay_s=0.1)
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(PATIENCE_S):
        for url in world.ready.providers:
            async with FaultClient(url) as provider:
                await provider.set(order)
                for cid in cids:
                    while (await http.head(f"{url}/piece/{cid}")).status_code != 404:
                        await asyncio.sleep(0.2)
                await provider.heal()


async def test_chunks_wait_for_the_money_and_go_on_by_themselves(poor_world: RunningWorld) -> None:
    ready = poor_world.ready
    async with httpx.AsyncClient(base_url=ready.api, timeout=30, trust_env=False) as door:
        assert (await door.get("/filecoin/test")).json()["success"] is False
        recorder = Recorder(door, "poor", chunks=CHUNKS, chunk_s=1.7)
        for chunk in recorder.chunks:
            assert (await recorder.send(chunk)).status_code == 202
        assert "missing in Filecoin Pay" in await until_waiting(poor_world, recorder.rta_id)
        status = await recorder.status()
        assert (status["uploadedChunks"], status["failedChunks"]) == (0, 0)

        await forget(poor_world, [piece_cid(chunk.data) for chunk in recorder.chunks])
        funded = await vibesflow(poor_world, "fund", "--days", "30")
        assert funded["transaction"] == "depositWithPermitAndApproveOperator"
        status = await recorder.until_complete(limit_s=PATIENCE_S)
        assert (status["uploadedChunks"], status["failedChunks"]) == (CHUNKS, 0)
        assert (await door.get("/filecoin/test")).json()["success"] is True

        on_chain = pieces_on_chain(ready.rpc, Path(ready.devnet_info))
        for chunk in recorder.chunks:
            assert copies_on_chain(on_chain, piece_cid(chunk.data)) == [1] * COPIES
        assert (await vibesflow(poor_world, "fund", "--days", "30"))["tx_hash"] is None

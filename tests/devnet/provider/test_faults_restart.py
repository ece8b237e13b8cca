"""A provider that is ordered to die, at once or in the middle of something, and comes back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from devnet.provider.switchboard import CRASH_CODE
from tests.devnet.provider.disturbed import Disturbed
from tests.devnet.provider.held import times_in_data_set
from tests.devnet.provider.payer import random_nonce, upload
from tests.devnet.provider.process import ProviderProcess, World
from vibesflow.errors import CommitUnknown
from vibesflow.filecoin import CommitRequest, FilecoinClient, PieceCid, PieceToAdd

UPLOADERS = 6
EACH = 5


@asynccontextmanager
async def supervised(process: ProviderProcess) -> AsyncIterator[list[int]]:
    """Start the process again whenever it dies; yields its exit codes."""
    codes: list[int] = []

    async def watch() -> None:
        while True:
            assert process.child is not None
            while (code := process.child.poll()) is None:
                await asyncio.sleep(0.02)
            codes.append(code)
            await asyncio.to_thread(process.start)

    watching = asyncio.create_task(watch())
    try:
        yield codes
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def stubborn_upload(http: httpx.AsyncClient, payload: bytes) -> PieceCid:
    """Upload in new sessions until one is acknowledged."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await upload(http, payload)
            except (httpx.TransportError, AssertionError):
                await asyncio.sleep(0.1)


async def test_under_load_nothing_that_was_acknowledged_is_lost(
    world: World, first: Disturbed
) -> None:
    acknowledged: dict[PieceCid, bytes] = {}

    async def work() -> None:
        for _ in range(EACH):
            payload = os.urandom(50_000)
            acknowledged[await stubborn_upload(first.http, payload)] = payload

    async with supervised(world.first) as codes:
        workers = [asyncio.create_task(work()) for _ in range(UPLOADERS)]
        while len(acknowledged) < UPLOADERS:
            await asyncio.sleep(0.01)
        await first.fault("restart", at="finalize")
        await asyncio.gather(*workers)
        assert codes == [CRASH_CODE]
        assert await first.faults() == []
    assert len(acknowledged) == UPLOADERS * EACH
    for cid, payload in acknowledged.items():
        assert (await first.http.get(f"/piece/{cid}")).content == payload
        assert (await first.http.get(f"/pdp/piece?pieceCid={cid}")).status_code == 200


@pytest.mark.parametrize("point", ["send", "sent", "confirm"])
async def test_a_commit_survives_a_death_at_each_of_its_steps(
    world: World, first: Disturbed, client: FilecoinClient, point: str
) -> None:
    provider = next(p for p in await client.providers() if p.service_url == world.first.url)
    cid = await upload(first.http, os.urandom(300))
    request = CommitRequest(provider.provider_id, random_nonce(), (PieceToAdd(cid.text),))
    async with supervised(world.first) as codes:
        await first.http.put("/admin/faults", json={"name": "restart", "at": point})
        try:
            submitted = await client.submit(request)
        except CommitUnknown:
            assert point != "confirm"
            submitted = None
        while not codes:
            await asyncio.sleep(0.02)
        await answering(first.http)
        if submitted is None:
            submitted = await client.submit(request)
        async with asyncio.timeout(30):
            while (committed := await client.poll(request, submitted)) is None:
                await asyncio.sleep(0.05)
    assert await times_in_data_set(world.rpc_url, committed.data_set_id, cid.text) == 1


async def answering(http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await http.get("/pdp/ping")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


async def test_it_dies_at_once(world: World, first: Disturbed) -> None:
    async with supervised(world.first) as codes:
        assert (await first.http.put("/admin/faults", json={"name": "restart"})).status_code == 200
        while not codes:
            await asyncio.sleep(0.02)
        await answering(first.http)
    assert codes == [CRASH_CODE]

"""A chunk that Filecoin does not take yet: the door shows its second home, and plays it from there.

Workflows, table, staging and the pinning service are real; only Filecoin is in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from tests.api.door import AUDIO, Door, open_door
from tests.fakes.streams import FakeStreams
from tests.fixtures.pinning import TOKEN, pinning_service
from tests.samples import T0_MS, chunk_id_of
from tests.workflows.harness import StreamHarness
from vibesflow.filecoin import piece_cid_of
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.pinning import PinataClient
from vibesflow.settings import PinningSettings, StreamSettings, TableSettings
from vibesflow.stream.records import RowStatus

SETTLED_S = 60


@pytest.fixture
def rta_id() -> str:
    return f"rta_{T0_MS}_{uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory):
    with pinning_service(tmp_path_factory.mktemp("pins")) as settings:
        yield settings


@pytest_asyncio.fixture
async def harness(
    temporal_env: WorkflowEnvironment,
    table_settings: TableSettings,
    service: PinningSettings,
    tmp_path: Path,
    rta_id: str,
) -> AsyncIterator[StreamHarness]:
    """A worker whose stores hang: Filecoin is there, and takes nothing."""
    create_tables(table_settings)
    settings = StreamSettings(window_s=600, settle_s=600)
    built = StreamHarness(temporal_env, tmp_path / "staging", settings)
    built.ledger = DynamoLedger(table_settings)
    built.pinning = PinataClient(service, TOKEN)
    built.pin_after_s = 0.2
    built.filecoin.store_open.clear()
    async with built.worker():
        yield built
        with suppress(RPCError):  # the server outlives this test, the stream need not
            await built.handle(rta_id).terminate()
    await built.pinning.close()


@pytest_asyncio.fixture
async def door(
    harness: StreamHarness, service: PinningSettings, tmp_path: Path
) -> AsyncIterator[Door]:
    async with open_door(
        harness.ledger,
        tmp_path / "staging",
        streams=harness.streams,
        ipfs_gateway=service.reading_gateway,
    ) as opened:
        yield opened


async def chunk_shown(door: Door, rta_id: str, chunk_id: str, **expected: object) -> dict:
    """Ask where the stream stands until its chunk is as expected."""
    shown: dict = {}
    async with asyncio.timeout(SETTLED_S):
        while any(shown.get(name) != value for name, value in expected.items()):
            await asyncio.sleep(0.05)
            status = (await door.client.get(f"/filecoin/status/{rta_id}")).json()
            shown = status["chunks"].get(chunk_id, {})
    return shown


async def test_a_chunk_is_shown_and_played_from_ipfs_until_filecoin_has_it(
    door: Door, harness: StreamHarness, service: PinningSettings, rta_id: str
) -> None:
    chunk_id = chunk_id_of(0, rta_id=rta_id, is_final=True)
    assert (await door.send_raw(chunk_id)).status_code == 202
    shown = await chunk_shown(door, rta_id, chunk_id, usedFallback=True)
    ipfs_cid = shown["filecoinCid"]
    assert shown == {
        "status": "processing",
        "filecoinCid": ipfs_cid,
        "rootId": None,
        "filcdnUrl": service.gateway_url(ipfs_cid),
        "usedFallback": True,
        "error": None,
    }
    upload = (await door.client.get(f"/upload/status/{chunk_id}")).json()
    assert (upload["status"], upload["usedFallback"]) == ("processing", True)
    assert (upload["cid"], upload["url"]) == (ipfs_cid, service.gateway_url(ipfs_cid))
    assert upload["synapseResult"] is None
    status = (await door.client.get(f"/filecoin/status/{rta_id}")).json()
    assert (status["status"], status["uploadedChunks"]) == ("processing", 0)
    assert (await door.client.get("/api/vibestreams")).json() == []
    for route in ("proxy", "download"):
        played = await door.client.get(f"/api/{route}/{ipfs_cid}")
        assert (played.status_code, played.content) == (200, AUDIO)

    harness.filecoin.store_open.set()
    piece_cid = piece_cid_of(AUDIO).text
    shown = await chunk_shown(door, rta_id, chunk_id, usedFallback=False)
    assert shown["filecoinCid"] == piece_cid, "held by a provider, if not confirmed yet"
    shown = await chunk_shown(door, rta_id, chunk_id, status="uploaded")
    assert (shown["usedFallback"], shown["filecoinCid"]) == (False, piece_cid)
    upload = (await door.client.get(f"/upload/status/{chunk_id}")).json()
    assert (upload["usedFallback"], upload["cid"]) == (False, piece_cid)
    async with httpx.AsyncClient(trust_env=False) as anybody, asyncio.timeout(SETTLED_S):
        while (await anybody.get(service.gateway_url(ipfs_cid))).status_code != 404:
            await asyncio.sleep(0.05)


async def test_a_chunk_in_its_second_home_is_shown_from_its_row_alone(
    door: Door, harness: StreamHarness, service: PinningSettings, tmp_path: Path, rta_id: str
) -> None:
    """The run that pinned it answers nobody: its worker is gone, or the run has ended."""
    chunk_id = chunk_id_of(0, rta_id=rta_id)
    await door.send_raw(chunk_id)
    async with asyncio.timeout(SETTLED_S):
        while not (rows := list(harness.ledger.list_chunks(rta_id))):
            await asyncio.sleep(0.05)
    assert [row.status for row in rows] == [RowStatus.PINNED]
    async with open_door(
        harness.ledger,
        tmp_path / "staging",
        streams=FakeStreams(),
        ipfs_gateway=service.reading_gateway,
    ) as alone:
        shown = await chunk_shown(alone, rta_id, chunk_id, usedFallback=True)
        assert (shown["status"], shown["error"]) == ("processing", None)
        assert shown["filcdnUrl"] == service.gateway_url(shown["filecoinCid"])
        upload = (await alone.client.get(f"/upload/status/{chunk_id}")).json()
        assert (upload["status"], upload["usedFallback"]) == ("processing", True)
        assert (await alone.client.get(f"/api/proxy/{upload['cid']}")).content == AUDIO
    harness.filecoin.store_open.set()

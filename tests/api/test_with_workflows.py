"""The door in front of real workflows, table and staging; only Filecoin is in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from temporalio.service import RPCError

from tests.api.door import Door, open_door
from tests.samples import T0_MS, chunk_id_of
from tests.workflows.harness import StreamHarness
from vibesflow.errors import StagedBytesCorrupt
from vibesflow.ledger import DynamoLedger, create_tables
from vibesflow.settings import StreamSettings

SETTLED_S = 60


@pytest.fixture
def rta_id() -> str:
    return f"rta_{T0_MS}_{uuid4().hex[:6]}"


@pytest_asyncio.fixture
async def harness(
    temporal_env, table_settings, tmp_path: Path, rta_id: str
) -> AsyncIterator[StreamHarness]:
    create_tables(table_settings)
    settings = StreamSettings(window_s=600, settle_s=600)
    built = StreamHarness(temporal_env, tmp_path / "staging", settings)
    built.ledger = DynamoLedger(table_settings)
    async with built.worker():
        yield built
        with suppress(RPCError):  # the server outlives this test, the stream need not
            await built.handle(rta_id).terminate()


@pytest_asyncio.fixture
async def real_door(harness: StreamHarness, tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(harness.ledger, tmp_path / "staging", streams=harness.streams) as opened:
        yield opened


def audio_of(sequence: int) -> bytes:
    return bytes((sequence + index) % 251 for index in range(2_000))


async def send(door: Door, rta_id: str, sequence: int, *, is_final: bool = False) -> str:
    chunk_id = chunk_id_of(sequence, rta_id=rta_id, is_final=is_final)
    reply = await door.send_raw(chunk_id, audio_of(sequence), X_Duration_Ms="60000")
    assert reply.status_code == 202, reply.text
    return chunk_id


async def until(door: Door, path: str, **expected: object) -> dict:
    """Ask again until the reply says what is expected."""
    said: dict = {}
    async with asyncio.timeout(SETTLED_S):
        while any(said.get(name) != value for name, value in expected.items()):
            await asyncio.sleep(0.05)
            reply = await door.client.get(path)
            assert reply.status_code == 200, reply.text
            said = reply.json()
    return said


async def test_a_stream_in_random_order_with_duplicates(real_door, rta_id):
    for sequence in (3, 5, 0, 3, 1, 5, 4, 0, 2, 4, 1, 2):
        await send(real_door, rta_id, sequence, is_final=sequence == 5)
    status = await until(real_door, f"/filecoin/status/{rta_id}", status="completed")
    counts = [status[name] for name in ("totalChunks", "uploadedChunks", "failedChunks")]
    assert counts == [6, 6, 0]
    assert status["proofSetId"] is not None
    ids = [chunk_id_of(n, rta_id=rta_id, is_final=n == 5) for n in range(6)]
    assert list(status["chunks"]) == ids

    upload = await until(real_door, f"/upload/status/{ids[2]}", status="completed")
    assert upload["cid"] == status["chunks"][ids[2]]["filecoinCid"]

    (item,) = (await real_door.client.get("/api/vibestreams")).json()
    assert (item["rta_id"], item["chunks"], item["rta_duration"]) == (rta_id, 6, "6:00")
    assert [chunk["chunk_id"] for chunk in item["chunks_detail"]] == ids

    conflict = await real_door.send_raw(ids[0], audio_of(77))
    assert conflict.status_code == 409
    again = await real_door.client.post(f"/api/complete-rta/{rta_id}")
    assert again.json()["status"] == "already_complete"


async def test_a_parked_chunk_is_shown_and_the_others_complete(real_door, harness, rta_id):
    harness.filecoin.store_faults.append(StagedBytesCorrupt("the disk lied"))
    parked = await send(real_door, rta_id, 0)
    failed = await until(real_door, f"/upload/status/{parked}", status="failed")
    assert "the disk lied" in failed["error"]
    nothing = await real_door.client.post(f"/api/complete-rta/{rta_id}")
    assert (nothing.status_code, nothing.json()["code"]) == (400, "nothing_to_complete")

    good = await send(real_door, rta_id, 1)
    await until(real_door, f"/upload/status/{good}", status="completed")
    reply = await real_door.client.post(f"/api/complete-rta/{rta_id}")
    assert (reply.status_code, reply.json()["status"]) == (200, "completed")
    assert (reply.json()["chunks"], reply.json()["duration"]) == (1, "1:00")
    status = await until(real_door, f"/filecoin/status/{rta_id}", status="completed")
    assert (status["uploadedChunks"], status["failedChunks"]) == (1, 1)


async def test_a_late_chunk_reopens_the_stream(real_door, rta_id):
    await send(real_door, rta_id, 0, is_final=True)
    await until(real_door, f"/filecoin/status/{rta_id}", status="completed")
    late = await send(real_door, rta_id, 1)
    await until(real_door, f"/upload/status/{late}", status="completed")
    status = (await real_door.client.get(f"/filecoin/status/{rta_id}")).json()
    assert (status["status"], status["totalChunks"]) == ("processing", 2)
    overview = (await real_door.client.get("/api/all-rtas")).json()
    assert [rta["rta_id"] for rta in overview["incomplete_rtas"]] == [rta_id]

    reply = await real_door.client.post(f"/api/complete-rta/{rta_id}")
    assert reply.json()["status"] == "completed"
    (item,) = (await real_door.client.get("/api/vibestreams")).json()
    assert item["chunks"] == 2

"""Where an upload stands: its row, its stream, staging, or nobody knows."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.door import AUDIO, Door, open_door
from tests.samples import AT, RTA, chunk_id_of, chunk_row, piece_cid_of_sequence
from vibesflow.stream.ids import parse_chunk_id
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import ChunkPhase


async def status_of(door: Door, upload_id: str) -> dict:
    reply = await door.client.get(f"/upload/status/{upload_id}")
    assert reply.status_code == 200, reply.text
    return reply.json()


async def received(door: Door, sequence: int = 0):
    await door.send_raw(chunk_id_of(sequence))
    return door.streams.submitted[-1]


async def test_a_received_chunk_is_processing(door):
    await received(door, 4)
    assert await status_of(door, chunk_id_of(4)) == {
        "status": "processing",
        "uploadId": chunk_id_of(4),
        "chunkId": chunk_id_of(4),
        "rtaId": RTA,
        "size": len(AUDIO),
        "cid": None,
        "rootId": None,
        "proofSetId": None,
        "url": None,
        "usedFallback": False,
        "error": None,
        "synapseResult": None,
    }


@pytest.mark.parametrize("phase", [ChunkPhase.STORED, ChunkPhase.COMMITTING])
async def test_a_stored_chunk_shows_its_piece_and_is_still_processing(door, phase):
    chunk = await received(door)
    door.streams.move(chunk, phase, piece_cid=piece_cid_of_sequence(0))
    status = await status_of(door, chunk.chunk_id)
    assert (status["status"], status["cid"]) == ("processing", piece_cid_of_sequence(0))


async def test_a_parked_chunk_has_failed_and_says_why(door):
    chunk = await received(door)
    door.streams.move(chunk, ChunkPhase.PARKED, error="no provider took it")
    status = await status_of(door, chunk.chunk_id)
    assert (status["status"], status["error"]) == ("failed", "no provider took it")
    assert status["synapseResult"] == {
        "success": False,
        "cid": None,
        "provider": None,
        "confirmed": False,
        "error": "no provider took it",
    }


async def test_a_confirmed_row_is_completed_even_while_temporal_is_down(door):
    await door.write_rows([chunk_row(3)], opened_at=AT)
    door.streams.down = True
    cid = piece_cid_of_sequence(3)
    assert await status_of(door, chunk_id_of(3)) == {
        "status": "completed",
        "uploadId": chunk_id_of(3),
        "chunkId": chunk_id_of(3),
        "rtaId": RTA,
        "size": 1_003,
        "cid": cid,
        "rootId": 3,
        "proofSetId": 7,
        "url": f"http://127.0.0.1:5801/piece/{cid}",
        "usedFallback": False,
        "error": None,
        "synapseResult": {
            "success": True,
            "cid": cid,
            "provider": "1",
            "confirmed": True,
            "error": None,
        },
    }


async def test_a_failed_row_without_a_run_is_failed(door):
    await door.write_rows([chunk_row(3, RowStatus.FAILED)], opened_at=AT)
    assert (await status_of(door, chunk_id_of(3)))["status"] == "failed"


async def test_a_parked_chunk_that_is_tried_again_is_processing(door):
    chunk = await received(door)
    await door.write_rows([chunk_row(0, RowStatus.FAILED)], opened_at=AT)
    assert (await status_of(door, chunk.chunk_id))["status"] == "processing"


async def test_staging_vouches_for_a_chunk_while_no_worker_answers(door):
    chunk = await received(door)
    door.streams.has_worker = False
    status = await status_of(door, chunk.chunk_id)
    assert (status["status"], status["size"], status["cid"]) == ("processing", len(AUDIO), None)


async def test_released_bytes_are_a_completed_upload(door):
    chunk = await received(door)
    door.streams.forget(chunk)
    await door.staging.release(chunk.staging_key)
    assert (await status_of(door, chunk.chunk_id))["status"] == "completed"


async def test_the_row_is_looked_at_again_once_the_stream_let_go(door, monkeypatch):
    """The row is written after the first look and before the stream is asked."""
    chunk = await received(door)
    asked = door.streams.chunks

    async def settle_then_answer(rta_id, **paging):
        door.streams.forget(chunk)
        await door.write_rows([chunk_row(0)], opened_at=AT)
        return await asked(rta_id, **paging)

    monkeypatch.setattr(door.streams, "chunks", settle_then_answer)
    assert (await status_of(door, chunk.chunk_id))["status"] == "completed"


async def test_it_survives_a_restart(door, ledger):
    chunk = await received(door)
    async with open_door(ledger, door.staging_folder) as another:
        assert (await status_of(another, chunk.chunk_id))["status"] == "processing"


async def test_another_spelling_finds_the_same_upload(door):
    await door.write_rows([chunk_row(7)], opened_at=AT)
    respelled = chunk_id_of(7).replace("_chunk_007_", "_chunk_7_")
    assert (await status_of(door, respelled))["chunkId"] == chunk_id_of(7)


@pytest.mark.parametrize(
    "upload_id",
    [
        chunk_id_of(99),
        "nonsense",
        "a..b",
        "%00",
        "a%20b",
        "x" * 3_000,
        "%D0%BA%D0%BE%D1%82",
        "a\\b",
    ],
)
async def test_unknown_uploads(shut_door, upload_id):
    reply = await shut_door.client.get(f"/upload/status/{upload_id}")
    assert reply.status_code == 404
    assert reply.json()["code"] in {"upload_not_found", "route_not_found"}


async def test_temporal_down_is_said_for_what_only_a_stream_knows(door):
    chunk = await received(door)
    door.streams.down = True
    reply = await door.client.get(f"/upload/status/{chunk.chunk_id}")
    assert (reply.status_code, reply.json()["detail"]["dependency"]) == (503, "temporal")


async def test_reading_writes_nothing(door):
    await asyncio.gather(*(door.client.get(f"/upload/status/{chunk_id_of(n)}") for n in range(5)))
    await door.assert_untouched()
    assert await door.staging.stat(parse_chunk_id(chunk_id_of(0)).staging_key) is None

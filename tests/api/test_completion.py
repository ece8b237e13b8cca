from __future__ import annotations

import pytest

from tests.api.door import Door
from tests.samples import AT, RTA, chunk_id_of, chunk_row, piece_cid_of_sequence
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import ChunkPhase


async def complete(door: Door, rta_id: str = RTA):
    return await door.client.post(f"/api/complete-rta/{rta_id}")


async def two_chunks(door: Door, phase: ChunkPhase) -> None:
    for sequence in (0, 1):
        await door.send_raw(chunk_id_of(sequence), X_Duration_Ms="60000")
        chunk = door.streams.submitted[-1]
        door.streams.move(chunk, phase, piece_cid=piece_cid_of_sequence(sequence))


async def test_a_running_stream_is_completed(door):
    await two_chunks(door, ChunkPhase.CONFIRMED)
    reply = await complete(door)
    assert reply.status_code == 200
    assert reply.json() == {
        "success": True,
        "message": "RTA completed successfully",
        "rtaId": RTA,
        "chunks": 2,
        "duration": "2:00",
        "status": "completed",
    }


async def test_confirmations_that_are_awaited_make_it_completing(door):
    await two_chunks(door, ChunkPhase.COMMITTING)
    assert (await complete(door)).json()["status"] == "completing"


async def test_without_a_worker_it_is_completing(door):
    await two_chunks(door, ChunkPhase.STORED)
    door.streams.has_worker = False
    assert (await complete(door)).json()["status"] == "completing"


async def test_a_complete_stream_says_so(door):
    await door.complete([chunk_row(0), chunk_row(1)], at=AT, opened_at=AT)
    reply = await complete(door)
    assert reply.status_code == 200
    assert reply.json() == {
        "success": True,
        "message": "RTA already complete",
        "rtaId": RTA,
        "chunks": 2,
        "duration": "2:00",
        "status": "already_complete",
    }


async def test_an_unknown_stream(shut_door):
    reply = await complete(shut_door, "rta_1_nobody")
    assert (reply.status_code, reply.json()["code"]) == (404, "stream_not_found")
    assert shut_door.streams.runs == {}


async def test_an_impossible_stream(shut_door):
    reply = await complete(shut_door, "a b")
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_rta_id")


async def test_no_chunk_with_a_cid(door):
    await door.send_raw(chunk_id_of(0))
    door.streams.move(door.streams.submitted[0], ChunkPhase.PARKED, error="no provider took it")
    reply = await complete(door)
    assert (reply.status_code, reply.json()["code"]) == (400, "nothing_to_complete")


async def test_a_chunk_that_is_still_being_stored_makes_it_completing(door):
    await door.send_raw(chunk_id_of(0))
    reply = await complete(door)
    assert (reply.status_code, reply.json()["status"]) == (200, "completing")


async def test_an_open_record_without_a_run_and_without_a_cid(door):
    await door.write_rows([chunk_row(0, RowStatus.FAILED)], opened_at=AT)
    reply = await complete(door)
    assert (reply.status_code, reply.json()["code"]) == (400, "nothing_to_complete")
    assert door.streams.retried == []


async def test_an_open_record_whose_run_was_ended_is_taken_up_again(door, monkeypatch):
    await door.write_rows([chunk_row(0)], opened_at=AT)
    start = door.streams.retry

    async def take_up(rta_id):
        await start(rta_id)
        await door.send_raw(chunk_id_of(0))
        chunk = door.streams.submitted[-1]
        door.streams.move(chunk, ChunkPhase.CONFIRMED, piece_cid=piece_cid_of_sequence(0))

    monkeypatch.setattr(door.streams, "retry", take_up)
    reply = await complete(door)
    assert (reply.status_code, reply.json()["status"]) == (200, "completed")
    assert door.streams.retried == [RTA]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_it_takes_a_post(shut_door, method):
    reply = await shut_door.client.request(method, f"/api/complete-rta/{RTA}")
    assert reply.status_code == 405

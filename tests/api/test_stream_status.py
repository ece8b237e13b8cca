from __future__ import annotations

import pytest

from tests.api.door import NETWORK, Door, open_door
from tests.samples import AT, RTA, chunk_id_of, chunk_row, piece_cid_of_sequence
from vibesflow.stream.records import RowStatus
from vibesflow.stream.status import ChunkPhase


async def status_of(door: Door, rta_id: str = RTA) -> dict:
    reply = await door.client.get(f"/filecoin/status/{rta_id}")
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("rta_id", ["rta_1_nobody", "..%5C", "%D0%BA", "x" * 500, "a b"])
async def test_an_unknown_stream_is_200_and_not_found(shut_door, rta_id):
    status = await status_of(shut_door, rta_id)
    assert status.pop("rtaId")
    assert status == {
        "status": "not_found",
        "totalChunks": 0,
        "uploadedChunks": 0,
        "failedChunks": 0,
        "proofSetId": None,
        "storageProvider": None,
        "waitingFor": None,
        "chunks": {},
    }


async def test_a_stream_that_the_table_has_not_heard_of_yet(door):
    await door.send_raw(chunk_id_of(0))
    status = await status_of(door)
    assert (status["status"], status["totalChunks"]) == ("processing", 1)
    assert status["chunks"] == {
        chunk_id_of(0): {
            "status": "processing",
            "filecoinCid": None,
            "rootId": None,
            "filcdnUrl": None,
            "usedFallback": False,
            "error": None,
        }
    }


async def test_an_open_run_without_a_worker_is_processing(door):
    await door.send_raw(chunk_id_of(0))
    door.streams.has_worker = False
    status = await status_of(door)
    assert (status["status"], status["totalChunks"]) == ("processing", 0)


async def test_rows_and_what_is_on_its_way_in_one_picture(door):
    await door.write_rows([chunk_row(0), chunk_row(1, RowStatus.FAILED)], opened_at=AT)
    for sequence in (2, 3):
        await door.send_raw(chunk_id_of(sequence))
    stored = door.streams.submitted[0]
    door.streams.move(stored, ChunkPhase.COMMITTING, piece_cid=piece_cid_of_sequence(2))
    status = await status_of(door)
    counts = [status[name] for name in ("totalChunks", "uploadedChunks", "failedChunks")]
    assert counts == [4, 1, 1]
    assert list(status["chunks"]) == [chunk_id_of(n) for n in range(4)]
    cid = piece_cid_of_sequence(0)
    assert status["chunks"][chunk_id_of(0)] == {
        "status": "uploaded",
        "filecoinCid": cid,
        "rootId": 0,
        "filcdnUrl": f"http://127.0.0.1:5801/piece/{cid}",
        "usedFallback": False,
        "error": None,
    }
    assert status["chunks"][chunk_id_of(1)]["error"] == "no provider took it"
    assert status["chunks"][chunk_id_of(2)]["filecoinCid"] == piece_cid_of_sequence(2)
    assert status["chunks"][chunk_id_of(3)]["status"] == "processing"


async def test_a_silent_stream_is_shown_from_the_table(door):
    await door.write_rows([chunk_row(0)], opened_at=AT)
    await door.send_raw(chunk_id_of(1))
    door.streams.has_worker = False
    status = await status_of(door)
    assert (status["status"], list(status["chunks"])) == ("processing", [chunk_id_of(0)])


async def test_a_complete_stream(door):
    await door.complete([chunk_row(n) for n in range(3)], at=AT, opened_at=AT)
    status = await status_of(door)
    assert (status["status"], status["uploadedChunks"]) == ("completed", 3)
    assert (status["proofSetId"], status["storageProvider"]) == (7, "0x" + "b" * 40)


async def test_a_late_chunk_makes_it_processing_again_at_once(door):
    record = await door.complete([chunk_row(n) for n in range(3)], at=AT, opened_at=AT)
    await door.send_raw(chunk_id_of(3))
    door.streams.runs[RTA].version = record.document_version
    assert (await status_of(door))["status"] == "processing"


async def test_temporal_down_hides_no_complete_stream(door):
    await door.complete([chunk_row(0)], at=AT, opened_at=AT)
    door.streams.down = True
    assert (await status_of(door))["status"] == "completed"


async def test_temporal_down_is_said_for_a_stream_that_may_hold_more(door):
    await door.write_rows([chunk_row(0)], opened_at=AT)
    door.streams.down = True
    reply = await door.client.get(f"/filecoin/status/{RTA}")
    assert (reply.status_code, reply.json()["detail"]["dependency"]) == (503, "temporal")


async def test_a_network_with_a_cdn_links_to_it(ledger, tmp_path):
    base = "https://0xabc.calibration.filbeam.io/"
    facts = type(NETWORK)(name="calibration", wallet="0xabc", cdn_base=base)
    async with open_door(ledger, tmp_path / "staging", network=facts) as door:
        await door.write_rows([chunk_row(0)], opened_at=AT)
        status = await status_of(door)
    assert status["chunks"][chunk_id_of(0)]["filcdnUrl"] == base + piece_cid_of_sequence(0)


async def test_a_long_stream_is_shown_whole(door):
    await door.write_rows([chunk_row(n) for n in range(120)], opened_at=AT)
    status = await status_of(door)
    assert (status["totalChunks"], status["uploadedChunks"]) == (120, 120)

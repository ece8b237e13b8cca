from __future__ import annotations

import asyncio
import hashlib

import pytest

from tests.api.door import AUDIO, Door
from tests.samples import CREATOR, RTA, T0_MS, chunk_id_of
from vibesflow.stream.ids import parse_chunk_id


async def bytes_of(door: Door, chunk_id: str) -> bytes:
    key = parse_chunk_id(chunk_id).staging_key
    return b"".join([block async for block in door.staging.read(key)])


async def test_the_reply_has_the_names_and_shapes_of_the_old_one(door):
    reply = await door.send_json(chunk_id_of(2))
    assert reply.status_code == 202
    assert reply.headers["content-type"] == "application/json"
    assert reply.json() == {
        "success": True,
        "upload_id": chunk_id_of(2),
        "chunkId": chunk_id_of(2),
        "rtaId": RTA,
        "size": len(AUDIO),
        "participants": 3,
        "isFinal": False,
        "message": f"Chunk {chunk_id_of(2)} is safe and on its way to Filecoin",
        "upload_status": "processing_async",
        "status_url": f"/upload/status/{chunk_id_of(2)}",
        "synapseStatus": {
            "success": True,
            "message": f"Chunk {chunk_id_of(2)} is queued for Filecoin",
            "uploadId": chunk_id_of(2),
            "queuePosition": 1,
            "estimatedProcessTime": "1-5 minutes",
            "walletStatus": {
                "FIL": None,
                "USDFC_Wallet": None,
                "USDFC_Contract": None,
                "sufficientFunds": None,
            },
            "pandoraStatus": {
                "address": "0x" + "5" * 40,
                "isApproved": None,
                "rateAllowance": None,
                "lockupAllowance": None,
            },
            "proofSetId": None,
            "proofSetStatus": "pending",
            "storageProvider": None,
            "statusEndpoint": f"/filecoin/status/{RTA}",
            "async": True,
        },
    }


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_both_ways_in_stage_the_same_bytes_and_tell_the_stream(door, way):
    reply = await getattr(door, way)(chunk_id_of(5))
    assert reply.status_code == 202
    assert await bytes_of(door, chunk_id_of(5)) == AUDIO
    (chunk,) = door.streams.submitted
    assert (chunk.rta_id, chunk.chunk_id, chunk.sequence) == (RTA, chunk_id_of(5), 5)
    assert (chunk.creator, chunk.participants) == (CREATOR, 3)
    assert (chunk.session_started_at_ms, chunk.started_at_ms) == (T0_MS, T0_MS + 300_000)
    assert (chunk.size, chunk.sha256) == (len(AUDIO), hashlib.sha256(AUDIO).hexdigest())
    assert chunk.content_type == "audio/webm"
    assert chunk.staging_key == parse_chunk_id(chunk_id_of(5)).staging_key


async def test_what_a_chunk_says_of_itself_reaches_its_stream(door):
    await door.send_raw(
        Content_Type="Audio/OGG; codecs=opus",
        X_Producer="left",
        X_Duration_Ms="59960",
        X_Creator="Zoë",
    )
    (chunk,) = door.streams.submitted
    assert (chunk.producer, chunk.duration_ms, chunk.creator) == ("left", 59_960, "Zoë")
    assert chunk.content_type == "audio/ogg; codecs=opus"


async def test_a_client_that_says_the_least(door):
    silent = dict.fromkeys(
        ("X_Start_Time", "X_Chunk_Timestamp", "X_Participant_Count", "X_Is_Final")
    )
    for sequence in (0, 1):
        assert (await door.send_raw(chunk_id_of(sequence), **silent)).status_code == 202
    first, second = door.streams.submitted
    assert first.session_started_at_ms == second.session_started_at_ms == 0
    assert second.started_at_ms == T0_MS + 60_000
    assert first.participants == 1


@pytest.mark.parametrize("by", ["header", "body", "id"])
async def test_final_marker(door, by):
    reply = await door.send_json(
        chunk_id_of(9, is_final=by == "id"),
        is_final=by == "body",
        X_Is_Final="true" if by == "header" else None,
    )
    assert reply.json()["isFinal"] is True
    assert door.streams.submitted[0].is_final


@pytest.mark.parametrize("size", [127, 200_000, 3_000_000])
async def test_sizes(door, size):
    audio = bytes(index % 253 for index in range(size))
    assert (await door.send_json(chunk_id_of(0), audio)).json()["size"] == size
    assert (await door.send_raw(chunk_id_of(1), audio)).json()["size"] == size
    assert await bytes_of(door, chunk_id_of(0)) == audio
    assert await bytes_of(door, chunk_id_of(1)) == audio


async def test_the_same_chunk_again_gets_the_same_reply(door):
    replies = [await door.send_json(), await door.send_json(), await door.send_raw()]
    assert {reply.status_code for reply in replies} == {202}
    assert replies[0].content == replies[1].content == replies[2].content
    assert len(await door.staged()) == 1
    assert door.streams.runs[RTA].duplicates == 2


async def test_another_spelling_of_the_same_chunk_is_the_same_chunk(door):
    await door.send_raw(chunk_id_of(7))
    respelled = chunk_id_of(7).replace("_chunk_007_", "_chunk_7_")
    assert (await door.send_raw(respelled)).status_code == 202
    assert (await door.send_raw(respelled, AUDIO[:-1])).status_code == 409
    assert len(await door.staged()) == 1


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_other_bytes_under_a_known_id_are_refused(door, way):
    await door.send_raw()
    reply = await getattr(door, way)(audio=AUDIO[::-1])
    assert reply.status_code == 409
    assert reply.json()["code"] == "chunk_conflict"
    assert await bytes_of(door, chunk_id_of(0)) == AUDIO
    assert len(door.streams.submitted) == 1


async def test_other_bytes_are_refused_after_the_staged_ones_were_released(door):
    await door.send_raw()
    await door.staging.release(parse_chunk_id(chunk_id_of(0)).staging_key)
    assert (await door.send_raw()).status_code == 202
    assert (await door.send_raw(audio=AUDIO[::-1])).status_code == 409


async def test_the_same_chunk_from_many_hands_at_once(door):
    replies = await asyncio.gather(*(door.send_raw() for _ in range(16)))
    assert {reply.status_code for reply in replies} == {202}
    assert len(await door.staged()) == 1
    assert len({chunk.sha256 for chunk in door.streams.submitted}) == 1


async def test_rival_bytes_from_many_hands_at_once_have_one_winner(door):
    rivals = [bytes([number]) * 4_000 for number in range(12)]
    replies = await asyncio.gather(*(door.send_raw(audio=rival) for rival in rivals))
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses == [202] + [409] * 11
    winner = rivals[[reply.status_code for reply in replies].index(202)]
    assert await bytes_of(door, chunk_id_of(0)) == winner
    assert {chunk.sha256 for chunk in door.streams.submitted} == {
        hashlib.sha256(winner).hexdigest()
    }


async def test_the_reply_names_the_data_set_once_it_was_looked_up(door):
    await door.send_raw(chunk_id_of(0))
    run = door.streams.runs[RTA]
    run.data_set_id = 7
    before = (await door.send_raw(chunk_id_of(1))).json()["synapseStatus"]
    after = (await door.send_raw(chunk_id_of(2))).json()["synapseStatus"]
    names = ("proofSetId", "proofSetStatus", "storageProvider")
    assert [before[name] for name in names] == [None, "pending", None]
    assert [after[name] for name in names] == [7, "active", None]


@pytest.mark.parametrize("rta_id", ["metis_vibe_17", "metis_vibe_1712345678901_ab12cd", "a.b:c-d"])
async def test_the_id_forms_of_existing_clients(door, rta_id):
    chunk_id = chunk_id_of(1_000, rta_id=rta_id)
    reply = await door.send_raw(chunk_id)
    assert (reply.status_code, reply.json()["rtaId"]) == (202, rta_id)
    status = await door.client.get(reply.json()["status_url"])
    assert status.json()["status"] == "processing"

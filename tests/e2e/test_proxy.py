"""What was recorded through the door comes back through it, byte for byte."""

from __future__ import annotations

import httpx

from tests.e2e.commp import piece_cid
from tests.e2e.recorder import Recorder


async def test_chunks_and_the_document_come_back_through_the_proxy(door: httpx.AsyncClient) -> None:
    recorder = Recorder(door, "proxy", chunks=2, chunk_s=1.5)
    for chunk in recorder.chunks:
        assert (await recorder.send(chunk)).status_code == 202
    await recorder.until_complete()
    for chunk in recorder.chunks:
        played = await door.get(f"/api/proxy/{piece_cid(chunk.data)}")
        assert (played.status_code, played.content) == (200, chunk.data)
        assert played.headers["content-type"] == "audio/webm"
        part = await door.get(
            f"/api/download/{piece_cid(chunk.data)}", headers={"Range": "bytes=100-199"}
        )
        assert (part.status_code, part.content) == (206, chunk.data[100:200])
    listed = await recorder.listed()
    assert listed is not None
    document = await door.get(f"/api/proxy/{listed['metadata_cid']}")
    assert document.headers["content-type"] == "application/json"
    assert document.json()["rta_id"] == recorder.rta_id


async def test_what_nobody_stored_is_not_found(door: httpx.AsyncClient) -> None:
    cid = piece_cid(b"nobody stored this" * 20)
    answer = await door.get(f"/api/proxy/{cid}")
    assert (answer.status_code, answer.json()["cid"]) == (404, cid)

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.devnet.provider.payer import upload
from tests.devnet.provider.process import World
from vibesflow.filecoin import PieceCid, piece_cid_of


async def _open(http: httpx.AsyncClient) -> str:
    return str((await http.post("/pdp/piece/uploads")).headers["location"])


async def test_a_piece_goes_through_the_whole_flow(http: httpx.AsyncClient) -> None:
    payload = os.urandom(1_000_003)
    cid = piece_cid_of(payload)

    opened = await http.post("/pdp/piece/uploads")
    place = opened.headers["location"]
    assert opened.status_code == 201
    assert uuid.UUID(place.removeprefix("/pdp/piece/uploads/"))

    missing = await http.get("/pdp/piece", params={"pieceCid": cid.text})
    assert missing.status_code == 404
    assert missing.headers["content-type"].startswith("text/plain")

    async def portions() -> AsyncIterator[bytes]:
        for at in range(0, len(payload), 7_777):
            yield payload[at : at + 7_777]

    sent = await http.put(place, content=portions())
    assert (sent.status_code, sent.content) == (204, b"")
    finalized = await http.post(place, json={"pieceCid": cid.text})
    assert (finalized.status_code, finalized.content) == (200, b"")

    found = await http.get("/pdp/piece", params={"pieceCid": cid.text})
    assert found.headers["content-type"] == "application/json"
    assert found.json() == {"pieceCid": cid.text}
    assert (await http.get(f"/piece/{cid}")).content == payload


async def test_a_finalized_session_is_gone(http: httpx.AsyncClient) -> None:
    payload = os.urandom(500)
    place = await _open(http)
    await http.put(place, content=payload)
    body = {"pieceCid": piece_cid_of(payload).text}
    assert (await http.post(place, json=body)).status_code == 200

    again = await http.post(place, json=body)
    assert (again.status_code, again.text) == (404, "Upload not found\n")
    assert (await http.put(place, content=payload)).status_code == 404


async def test_a_payload_below_the_minimum_is_refused(http: httpx.AsyncClient) -> None:
    place = await _open(http)
    refused = await http.put(place, content=os.urandom(126))
    assert refused.status_code == 400
    assert "below the minimum" in refused.text
    assert (await http.put(place, content=os.urandom(127))).status_code == 204


async def test_an_announced_payload_over_the_maximum_is_refused_unread(
    http: httpx.AsyncClient,
) -> None:
    place = await _open(http)
    reader, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    head = f"PUT {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 1065353217\r\n\r\n"
    writer.write(head.encode())
    assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 413 Request Entity Too Large\r\n"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (piece_cid_of(b"x" * 999).text, "declared size 999 does not match received size 1000"),
        (piece_cid_of(b"y" * 1000).text, "does not match computed"),
        (piece_cid_of(b"x" * 126).text, "below the minimum"),
        (piece_cid_of(b"x" * 1000).to_v1_text(), "must be a v2 CID"),
        ("bafkzcib", "must be a v2 CID"),
    ],
)
async def test_a_finalize_that_does_not_fit_is_refused_and_may_be_corrected(
    http: httpx.AsyncClient, declared: str, words: str
) -> None:
    place = await _open(http)
    await http.put(place, content=b"x" * 1000)

    refused = await http.post(place, json={"pieceCid": declared})
    assert refused.status_code == 400
    assert words in refused.text

    right = {"pieceCid": piece_cid_of(b"x" * 1000).text}
    assert (await http.post(place, json=right)).status_code == 200


async def test_a_piece_declared_over_the_maximum_is_refused(http: httpx.AsyncClient) -> None:
    too_large = PieceCid.for_payload(1_065_353_217, 26, bytes(32))
    refused = await http.post(await _open(http), json={"pieceCid": too_large.text})
    assert refused.status_code == 413


@pytest.mark.parametrize("body", [b"", b"[]", b'{"pieceCid": 7}', b"{"])
async def test_a_malformed_finalize_is_refused(http: httpx.AsyncClient, body: bytes) -> None:
    refused = await http.post(await _open(http), content=body)
    assert refused.status_code == 400
    assert "Invalid request body" in refused.text


async def test_finalize_before_the_bytes_is_the_providers_trouble(http: httpx.AsyncClient) -> None:
    refused = await http.post(await _open(http), json={"pieceCid": piece_cid_of(b"x" * 127).text})
    assert refused.status_code == 500
    assert "[eid: " in refused.text


async def test_unknown_and_malformed_sessions(http: httpx.AsyncClient) -> None:
    unknown = f"/pdp/piece/uploads/{uuid.uuid4()}"
    body = {"pieceCid": piece_cid_of(b"x" * 127).text}
    assert (await http.put(unknown, content=b"x" * 127)).status_code == 404
    assert (await http.post(unknown, json=body)).status_code == 404
    assert (await http.put("/pdp/piece/uploads/7", content=b"x" * 127)).status_code == 400
    assert (await http.post("/pdp/piece/uploads/7", json=body)).status_code == 400


async def test_the_last_of_several_payloads_counts(http: httpx.AsyncClient) -> None:
    place, payload = await _open(http), os.urandom(4_000)
    await http.put(place, content=os.urandom(4_000))
    await http.put(place, content=payload)
    body = {"pieceCid": piece_cid_of(payload).text}
    assert (await http.post(place, json=body)).status_code == 200
    assert (await http.get(f"/piece/{body['pieceCid']}")).content == payload


async def test_uploads_at_the_same_time_do_not_mix(http: httpx.AsyncClient) -> None:
    payloads = [os.urandom(50_000 + index) for index in range(20)]
    payloads += payloads[:5]
    cids = await asyncio.gather(*(upload(http, payload) for payload in payloads))
    for cid, payload in zip(cids, payloads, strict=True):
        assert (await http.get(f"/piece/{cid}")).content == payload


async def test_a_client_that_goes_away_leaves_nothing_behind(
    world: World, http: httpx.AsyncClient
) -> None:
    place = await _open(http)
    incoming = world.first.folder / "data" / "incoming"
    before = set(incoming.iterdir())
    _, writer = await asyncio.open_connection(http.base_url.host, http.base_url.port)
    head = f"PUT {place} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    writer.write(head.encode() + bytes(300_000))
    async with asyncio.timeout(10):
        while set(incoming.iterdir()) == before:
            await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()
        while set(incoming.iterdir()) != before:
            await asyncio.sleep(0.01)
    assert (await http.put(place, content=bytes(1_000))).status_code == 204


async def test_other_requests_are_answered_while_a_large_upload_is_hashed(
    http: httpx.AsyncClient,
) -> None:
    place = await _open(http)
    large = asyncio.create_task(http.put(place, content=bytes(40_000_000)))
    answered = 0
    while not large.done():
        async with asyncio.timeout(1):
            assert (await http.get("/pdp/ping")).status_code == 200
        answered += 1
    assert large.result().status_code == 204
    assert answered >= 3


async def test_what_cannot_be_looked_for(http: httpx.AsyncClient) -> None:
    v1 = piece_cid_of(b"x" * 200).to_v1_text()
    assert (await http.get("/pdp/piece")).status_code == 400
    assert (await http.get("/pdp/piece", params={"pieceCid": v1})).status_code == 400


async def test_piece_status_takes_both_versions(http: httpx.AsyncClient) -> None:
    cid = await upload(http, os.urandom(3_000))
    for text in (cid.text, cid.to_v1_text()):
        status = (await http.get(f"/pdp/piece/{text}/status")).json()
        assert status["pieceCid"] == cid.text
        assert (status["status"], status["indexed"], status["advertised"]) == (
            "pending",
            False,
            False,
        )
    stranger = piece_cid_of(os.urandom(300))
    assert (await http.get(f"/pdp/piece/{stranger}/status")).status_code == 404
    assert (await http.get("/pdp/piece/nonsense/status")).status_code == 400


async def test_small_routes_and_cors(http: httpx.AsyncClient) -> None:
    for path in ("/pdp/ping", "/health", "/version", "/info"):
        assert (await http.get(path)).status_code == 200
    answer = await http.post("/pdp/piece/uploads", headers={"Origin": "https://app.example"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-expose-headers"] == "Location"
    assert (await http.get("/pdp/piece/uploads/")).status_code == 404

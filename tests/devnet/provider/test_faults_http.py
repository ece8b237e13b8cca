"""Faults of uploads and retrievals, seen through httpx and the library's own client."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.devnet.provider.disturbed import Disturbed
from tests.devnet.provider.payer import Payer, add, create_with, upload
from vibesflow.errors import ProviderBusy, ProviderDown, ProviderLied
from vibesflow.filecoin import FilecoinClient, PieceCid, ProviderInfo, piece_cid_of

NOBODY = f"0x{'1' * 64}"


@pytest.fixture
async def provider(client: FilecoinClient, first: Disturbed) -> ProviderInfo:
    return next(one for one in await client.providers() if first.http.base_url == one.service_url)


def source_of(payload: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def opened() -> AsyncIterator[bytes]:
        for at in range(0, len(payload), 65_536):
            yield payload[at : at + 65_536]

    return opened


async def read(client: FilecoinClient, provider: ProviderInfo, cid: str) -> bytes:
    return b"".join([block async for block in client.read(provider.service_url, cid)])


async def fetch_into(received: bytearray, http: httpx.AsyncClient, cid: str) -> None:
    async with http.stream("GET", f"/piece/{cid}") as answer:
        assert answer.headers["content-length"] == str(PieceCid.parse(cid).raw_size)
        async for portion in answer.aiter_bytes():
            received += portion


async def test_a_provider_that_refuses_pings_is_not_chosen(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed
) -> None:
    await first.fault("ping-refused")
    chosen = await client.choose_provider(preferred=provider.provider_id)
    assert chosen.provider_id != provider.provider_id
    assert (await first.http.get("/pdp/ping")).status_code == 503


async def test_a_provider_that_is_down_answers_nobody_but_its_admin(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed
) -> None:
    await first.fault("down")
    with pytest.raises(httpx.RemoteProtocolError):
        await first.http.get("/health")
    with pytest.raises(ProviderDown):
        await client.store(provider, source_of(os.urandom(300)))
    assert await first.struck("down") == 2
    await first.heal()
    assert (await first.http.get("/health")).status_code == 200


async def test_a_hang_takes_its_time(first: Disturbed) -> None:
    await first.fault("hang", at="ping", delay_s=0.3, count=1)
    began_s = time.monotonic()
    assert (await first.http.get("/pdp/ping")).text == "curio-pdp"
    assert time.monotonic() - began_s >= 0.3


async def test_a_hang_for_ever_ends_when_it_is_healed(first: Disturbed) -> None:
    await first.fault("hang", at="retrieve")
    cid = await upload(first.http, os.urandom(300))
    reading = [asyncio.create_task(first.http.get(f"/piece/{cid}")) for _ in range(3)]
    while await first.struck("hang") < 3:
        await asyncio.sleep(0.01)
    done, _ = await asyncio.wait(reading, timeout=0.2)
    assert not done
    await first.heal()
    assert [answer.status_code for answer in await asyncio.gather(*reading)] == [200] * 3


async def test_a_hang_ends_with_the_faults_time(first: Disturbed) -> None:
    await first.fault("hang", at="ping", seconds=0.3)
    assert (await first.http.get("/pdp/ping")).status_code == 200


@pytest.mark.parametrize(
    ("point", "method", "path"),
    [
        ("ping", "GET", "/pdp/ping"),
        ("open", "POST", "/pdp/piece/uploads"),
        ("open", "POST", "/pdp/piece"),
        ("find", "GET", "/pdp/piece?pieceCid=x"),
        ("status", "GET", f"/pdp/data-sets/created/{NOBODY}"),
        ("status", "GET", f"/pdp/data-sets/1/pieces/added/{NOBODY}"),
        ("retrieve", "GET", "/piece/x"),
    ],
)
async def test_an_error_or_a_wait_at_every_point_of_a_request(
    first: Disturbed, point: str, method: str, path: str
) -> None:
    body = {"pieceCid": piece_cid_of(bytes(200)).text} if method == "POST" else None
    await first.fault("error", at=point, count=1)
    failed = await first.http.request(method, path, json=body)
    assert (failed.status_code, "[eid: " in failed.text) == (500, True)
    await first.fault("busy", at=point, delay_s=6.5, count=1)
    busy = await first.http.request(method, path, json=body)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "7")
    assert (await first.http.request(method, path, json=body)).status_code not in {429, 500}


async def test_an_upload_that_fails_half_way_is_done_again_in_the_same_session(
    first: Disturbed,
) -> None:
    payload = os.urandom(3_000_000)
    place = (await first.http.post("/pdp/piece/uploads")).headers["location"]
    await first.fault("error", at="receive", count=1)
    assert (await first.http.put(place, content=payload)).status_code == 500
    assert (await first.http.put(place, content=payload)).status_code == 204
    await first.fault("error", at="finalize", count=1)
    body = {"pieceCid": piece_cid_of(payload).text}
    assert (await first.http.post(place, json=body)).status_code == 500
    assert (await first.http.post(place, json=body)).status_code == 200


async def test_the_client_hears_how_long_to_wait(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed
) -> None:
    await first.fault("busy", at="receive", delay_s=11)
    with pytest.raises(ProviderBusy) as caught:
        await client.store(provider, source_of(os.urandom(500_000)))
    assert caught.value.retry_after_s == 11


async def test_a_full_provider_takes_no_bytes_of_either_flow(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed
) -> None:
    await first.fault("full")
    payload = os.urandom(400_000)
    with pytest.raises(ProviderDown, match=r"500: .*no space left"):
        await client.store(provider, source_of(payload))
    declared = {"pieceCid": piece_cid_of(payload).text}
    place = (await first.http.post("/pdp/piece", json=declared)).headers["location"]
    refused = await first.http.put(place, content=payload)
    assert (refused.status_code, "no space left" in refused.text) == (500, True)
    assert (await first.http.get("/pdp/ping")).status_code == 200
    await first.heal()
    assert (await first.http.put(place, content=payload)).status_code == 204


async def test_a_provider_that_computes_another_cid(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed
) -> None:
    await first.fault("wrong-cid", count=1)
    with pytest.raises(ProviderLied):
        await client.store(provider, source_of(os.urandom(300)))
    await client.store(provider, source_of(os.urandom(300)))


async def test_a_stored_piece_is_published_late(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed, payer: Payer
) -> None:
    data_set_id = await create_with(first.http, payer, [await upload(first.http, os.urandom(300))])
    began_s = time.monotonic()
    await first.fault("publish-delay", delay_s=1, count=1)
    late, prompt = [await upload(first.http, os.urandom(300)) for _ in range(2)]
    await first.heal()
    assert await client.is_ready(provider, prompt.text)
    assert not await client.is_ready(provider, late.text)
    assert (await first.http.get(f"/piece/{late}")).status_code == 200
    early = await add(first.http, payer, data_set_id, [late])
    assert (early.status_code, "not found" in early.text) == (400, True)
    await client.wait_ready(provider, late.text, timeout_s=10)
    assert 1 <= time.monotonic() - began_s < 8
    assert (await add(first.http, payer, data_set_id, [late])).status_code == 201


@pytest.mark.parametrize("size", [127, 900_000])
async def test_wrong_bytes_have_the_right_length_and_are_noticed(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed, size: int
) -> None:
    payload = os.urandom(size)
    cid = await upload(first.http, payload)
    await first.fault("wrong-bytes")
    served = await first.http.get(f"/piece/{cid}")
    assert (served.status_code, len(served.content)) == (200, size)
    assert served.content != payload
    part = await first.http.get(f"/piece/{cid}", headers={"Range": "bytes=5-24"})
    assert (part.status_code, len(part.content)) == (206, 20)
    assert part.content != payload[5:25]
    assert (await first.http.head(f"/piece/{cid}")).status_code == 200
    assert await first.struck("wrong-bytes") == 2
    with pytest.raises(ProviderLied):
        await read(client, provider, cid.text)
    await first.heal()
    assert await read(client, provider, cid.text) == payload


@pytest.mark.parametrize("size", [127, 900_000])
async def test_a_piece_that_breaks_off_is_noticed(
    client: FilecoinClient, provider: ProviderInfo, first: Disturbed, size: int
) -> None:
    payload = os.urandom(size)
    cid = await upload(first.http, payload)
    await first.fault("truncated-bytes", count=2)
    received = bytearray()
    with pytest.raises(httpx.RemoteProtocolError, match=f"received {size // 2} bytes"):
        await fetch_into(received, first.http, cid.text)
    assert received == payload[: size // 2]
    with pytest.raises(ProviderDown):
        await read(client, provider, cid.text)
    assert await read(client, provider, cid.text) == payload


async def test_an_answer_can_be_lost_at_any_point_of_a_request(first: Disturbed) -> None:
    payload = os.urandom(300)
    await first.fault("lost-answer", at="open", count=1)
    with pytest.raises(httpx.RemoteProtocolError):
        await first.http.post("/pdp/piece/uploads")
    place = (await first.http.post("/pdp/piece/uploads")).headers["location"]
    await first.fault("lost-answer", at="receive", count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await first.http.put(place, content=payload)
    assert (await first.http.put(place, content=payload)).status_code == 204


async def test_a_forgetful_provider_drops_what_nobody_commits(first: Disturbed) -> None:
    cid = await upload(first.http, os.urandom(400))
    await first.fault("forgetful", delay_s=0.1)
    async with asyncio.timeout(20):
        while (
            await first.http.get("/pdp/piece", params={"pieceCid": cid.text})
        ).status_code != 404:
            await asyncio.sleep(0.1)
    assert (await first.http.get(f"/piece/{cid}")).status_code == 404
    await first.heal()
    kept = await upload(first.http, os.urandom(400))
    await asyncio.sleep(1.2)
    found = await first.http.get("/pdp/piece", params={"pieceCid": kept.text})
    assert found.status_code == 200

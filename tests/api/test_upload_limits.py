"""The size limit, to the byte, by announcement and by what really comes."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from api.ingest.bodies import json_limit_bytes
from tests.api.door import headers_of, open_door
from tests.samples import chunk_id_of
from vibesflow.settings import ApiSettings
from vibesflow.stream.ids import parse_chunk_id

LIMIT = 100_000
DEFAULT_LIMIT = 64 * 2**20


@pytest_asyncio.fixture
async def narrow(ledger, tmp_path):
    async with open_door(ledger, tmp_path / "staging", max_chunk_bytes=LIMIT) as opened:
        yield opened


async def in_pieces(size: int, piece: int = 8_192):
    for start in range(0, size, piece):
        yield bytes(min(piece, size - start))


async def send_unannounced(door, size: int, kind: str = "audio/webm"):
    said = {**headers_of(chunk_id_of(0)), "Content-Type": kind}
    return await door.client.post("/upload", content=in_pieces(size), headers=said)


async def refused(door, reply):
    assert (reply.status_code, reply.json()["code"]) == (413, "chunk_too_large")
    assert "bytes" in reply.json()["error"]
    await door.assert_untouched()


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_exactly_the_limit_is_taken(narrow, way):
    reply = await getattr(narrow, way)(audio=bytes(LIMIT))
    assert (reply.status_code, reply.json()["size"]) == (202, LIMIT)


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_one_byte_more_is_not(narrow, way):
    await refused(narrow, await getattr(narrow, way)(audio=bytes(LIMIT + 1)))


async def test_unannounced_bytes_are_counted_as_they_come(narrow):
    assert (await send_unannounced(narrow, LIMIT)).status_code == 202


async def test_one_unannounced_byte_more_is_refused(narrow):
    await refused(narrow, await send_unannounced(narrow, LIMIT + 1))


async def test_json_that_grows_past_its_limit_is_refused(narrow):
    async def grows():
        yield b'{"audioData": "'
        for _ in range(json_limit_bytes(LIMIT) // 4_000 + 1):
            yield b"QUJD" * 1_000

    said = {**headers_of(chunk_id_of(0)), "Content-Type": "application/json"}
    reply = await narrow.client.post("/upload", content=grows(), headers=said)
    await refused(narrow, reply)


@pytest.mark.parametrize(
    ("kind", "length"),
    [("audio/webm", LIMIT + 1), ("application/json", json_limit_bytes(LIMIT) + 1)],
)
async def test_an_announced_giant_is_refused_before_it_comes(narrow, kind, length):
    said = {**headers_of(chunk_id_of(0)), "Content-Type": kind, "Content-Length": str(length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    reader, writer = await asyncio.open_connection(*narrow.address)
    writer.write(f"POST /upload HTTP/1.1\r\nHost: door\r\n{head}\r\n".encode())
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert b" 413 " in status
    await narrow.assert_untouched()


async def test_the_default_limit_is_64_mib():
    assert ApiSettings().max_chunk_bytes == DEFAULT_LIMIT


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_64_mib_pass_and_one_byte_more_does_not(door, way):
    audio = bytes(DEFAULT_LIMIT + 1)
    await refused(door, await getattr(door, way)(audio=audio))
    reply = await getattr(door, way)(audio=audio[:-1])
    assert (reply.status_code, reply.json()["size"]) == (202, DEFAULT_LIMIT)


async def test_raw_audio_goes_to_staging_while_it_comes(door):
    """Half a body is on disk before the other half was sent: it is not gathered in memory."""
    half_staged = asyncio.Event()

    async def blocks():
        for _ in range(64):
            yield bytes(65_536)
        incoming = door.staging_folder / ".incoming"
        for _ in range(200):
            sizes = [path.stat().st_size for path in incoming.glob("*")]
            if sizes and sizes[0] > 2_000_000:
                half_staged.set()
                break
            await asyncio.sleep(0.02)
        yield bytes(65_536)

    said = {**headers_of(chunk_id_of(3)), "Content-Type": "audio/webm"}
    reply = await door.client.post("/upload", content=blocks(), headers=said)
    assert reply.status_code == 202
    assert half_staged.is_set()
    staged = await door.staging.stat(parse_chunk_id(chunk_id_of(3)).staging_key)
    assert staged is not None
    assert staged.size == 65 * 65_536

"""Bodies that come slowly, stop coming, or break off."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from tests.api.door import AUDIO, headers_of, open_door
from tests.samples import chunk_id_of

KINDS = ["audio/webm", "application/json"]


def head_of(kind: str, length: int) -> bytes:
    said = {**headers_of(chunk_id_of(0)), "Content-Type": kind, "Content-Length": str(length)}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST /upload HTTP/1.1\r\nHost: door\r\n{lines}\r\n".encode()


@pytest_asyncio.fixture
async def impatient(ledger, tmp_path):
    async with open_door(ledger, tmp_path / "staging", body_idle_s=0.3) as opened:
        yield opened


async def settled(door) -> None:
    """Wait until no request is under way any more."""
    metrics = door.app.state.metrics
    for _ in range(200):
        if metrics.in_progress._value.get() == 0:
            return
        await asyncio.sleep(0.02)
    pytest.fail("a request is still under way")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sent", [0, 100, 40_000])
async def test_a_client_that_hangs_up_leaves_nothing_behind(door, kind, sent):
    _, writer = await asyncio.open_connection(*door.address)
    writer.write(head_of(kind, 1_000_000) + bytes(sent))
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    await settled(door)
    await door.assert_untouched()
    assert (await door.send_raw()).status_code == 202


@pytest.mark.parametrize("kind", KINDS)
async def test_a_body_that_stops_coming_is_given_up(impatient, kind):
    reader, writer = await asyncio.open_connection(*impatient.address)
    writer.write(head_of(kind, 1_000_000) + bytes(30_000))
    status = await asyncio.wait_for(reader.readline(), 5)
    rest = await asyncio.wait_for(reader.readuntil(b"}"), 5)
    writer.close()
    await writer.wait_closed()
    assert b" 408 " in status
    assert b'"code":"body_timeout"' in rest
    await impatient.assert_untouched()


async def test_a_slow_but_steady_body_is_taken(impatient):
    async def blocks():
        for start in range(0, len(AUDIO), 500):
            yield AUDIO[start : start + 500]
            await asyncio.sleep(0.06)

    said = {**headers_of(chunk_id_of(0)), "Content-Type": "audio/webm"}
    reply = await impatient.client.post("/upload", content=blocks(), headers=said)
    assert (reply.status_code, reply.json()["size"]) == (202, len(AUDIO))


async def test_a_stalled_body_holds_nobody_up(door):
    _, writer = await asyncio.open_connection(*door.address)
    writer.write(head_of("audio/webm", 1_000_000) + bytes(30_000))
    await writer.drain()
    replies = await asyncio.gather(*(door.send_raw(chunk_id_of(n)) for n in range(1, 9)))
    writer.transport.abort()
    assert {reply.status_code for reply in replies} == {202}
    await settled(door)


async def test_bytes_that_are_not_http_get_400_and_leave_nothing(door):
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(b"\x16\x03\x01 this is not http\r\n\r\n")
    status = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    await writer.wait_closed()
    assert b" 400 " in status
    await door.assert_untouched()


async def test_a_body_that_comes_too_slowly_is_given_up(ledger, tmp_path):
    """It never pauses for long, and would hold its place for ever."""
    async with (
        open_door(ledger, tmp_path / "staging", body_idle_s=30, body_s=0.5) as door,
        door.client.stream("POST", "/upload", content=dripping(), headers=raw_headers()) as reply,
    ):
        said = await reply.aread()
        assert reply.status_code == 408
        assert b"longer than 0.5 s" in said
        await door.assert_untouched()


def raw_headers() -> dict[str, str]:
    return {**headers_of(chunk_id_of(0)), "Content-Type": "audio/webm"}


async def dripping():
    for _ in range(300):
        yield b"x"
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("sent", [b"", b"POST /upload HTTP/1.1\r\nX-Slow: "])
async def test_a_head_that_does_not_come_is_given_up(ledger, tmp_path, sent):
    async with open_door(ledger, tmp_path / "staging", head_s=0.3) as door:
        reader, writer = await asyncio.open_connection(*door.address)
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
        assert (await door.send_raw()).status_code == 202

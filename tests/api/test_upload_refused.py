"""Every bad input: 4xx with words, a code and a detail, and nothing happened."""

from __future__ import annotations

import contextlib
import gzip

import httpx
import pytest

from tests.api.door import AUDIO, headers_of
from tests.samples import RTA, chunk_id_of

RAW = {"Content-Type": "audio/webm"}
JSON = {"Content-Type": "application/json"}


async def refused(door, reply: httpx.Response, status: int, code: str) -> str:
    body = reply.json()
    assert (reply.status_code, body["code"]) == (status, code), body
    assert set(body) == {"error", "code", "detail"}
    assert body["error"]
    assert body["detail"]["advice"]
    assert "Traceback" not in reply.text
    await door.assert_untouched()
    return body["error"]


@pytest.mark.parametrize("name", ["X-Rta-Id", "X-Chunk-Id", "X-Creator"])
@pytest.mark.parametrize("way", ["send_json", "send_raw"])
async def test_missing_headers(shut_door, way, name):
    reply = await getattr(shut_door, way)(**{name: None})
    assert name in await refused(shut_door, reply, 400, "invalid_header")


async def test_no_headers_at_all(shut_door):
    reply = await shut_door.client.post("/upload", content=AUDIO)
    words = await refused(shut_door, reply, 400, "invalid_header")
    assert "X-Chunk-Id, X-Rta-Id, X-Creator" in words


@pytest.mark.parametrize(
    "rta_id",
    ["../../etc", "a/b", "..", ".incoming", "a b", "a%2Fb", "x" * 129, "кот", "a\tb", "rta#1"],
)
async def test_stream_ids_outside_the_alphabet(shut_door, rta_id):
    changes = {"X-Rta-Id": rta_id, "X-Chunk-Id": f"{rta_id}_chunk_001_1712345678901"}
    await refused(shut_door, await shut_door.send_raw(**changes), 400, "invalid_rta_id")


@pytest.mark.parametrize(
    "chunk_id",
    [
        "nonsense",
        f"{RTA}_chunk_abc_1712345678901",
        f"{RTA}_chunk_001_17123456789012345",
        f"{RTA}_chunk_001_1712345678901_last",
        f"{RTA}_chunk_001_1712345678901/../../x",
        "someone_else_chunk_001_1712345678901",
    ],
)
async def test_chunk_ids(shut_door, chunk_id):
    reply = await shut_door.send_raw(**{"X-Chunk-Id": chunk_id})
    await refused(shut_door, reply, 400, "invalid_chunk_id")


async def test_a_chunk_id_that_hides_a_traversal_in_its_stream(shut_door):
    reply = await shut_door.send_raw(**{"X-Chunk-Id": "../../x_chunk_001_1712345678901"})
    await refused(shut_door, reply, 400, "invalid_rta_id")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Chunk-Timestamp", "now"),
        ("X-Start-Time", "2024-04-05"),
        ("X-Participant-Count", "many"),
        ("X-Is-Final", "maybe"),
        ("X-Duration-Ms", "-5"),
        ("X-Creator", "c" * 129),
        ("X-Producer", "p" * 65),
        ("Content-Encoding", "gzip"),
        ("Content-Type", "audio/webm; <b>"),
    ],
)
async def test_headers_that_cannot_be_read(shut_door, name, value):
    reply = await shut_door.send_raw(**{name: value})
    assert name in await refused(shut_door, reply, 400, "invalid_header")


async def test_a_doubled_header(shut_door):
    said = [*headers_of(chunk_id_of(0)).items(), ("X-Rta-Id", "other"), *RAW.items()]
    reply = await shut_door.client.post("/upload", content=AUDIO, headers=said)
    await refused(shut_door, reply, 400, "invalid_header")


async def test_compressed_audio_is_not_stored_as_if_it_were_audio(shut_door):
    reply = await shut_door.send_raw(audio=gzip.compress(AUDIO), **{"Content-Encoding": "gzip"})
    await refused(shut_door, reply, 400, "invalid_header")


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "video/webm", ""])
async def test_other_content_types(shut_door, kind):
    reply = await shut_door.send_raw(**{"Content-Type": kind})
    await refused(shut_door, reply, 400, "invalid_body")


async def test_forms_are_no_audio(shut_door):
    reply = await shut_door.client.post(
        "/upload", files={"audio": AUDIO}, headers=headers_of(chunk_id_of(0))
    )
    await refused(shut_door, reply, 400, "invalid_body")


@pytest.mark.parametrize("kind", [RAW, JSON])
async def test_empty_bodies(shut_door, kind):
    reply = await shut_door.client.post(
        "/upload", content=b"", headers={**headers_of(chunk_id_of(0)), **kind}
    )
    assert "empty" in await refused(shut_door, reply, 400, "invalid_body")


async def test_an_empty_body_of_unknown_length(shut_door):
    async def nothing():
        for block in ():
            yield block

    reply = await shut_door.client.post(
        "/upload", content=nothing(), headers={**headers_of(chunk_id_of(0)), **RAW}
    )
    assert "empty" in await refused(shut_door, reply, 400, "invalid_body")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\x00\xff",
        b"[]",
        b"17",
        b"{}",
        b'{"audioData": 5}',
        b'{"audioData": ""}',
        b'{"audioData": "QUJ"}',
        b'{"audioData": "not base64 at all"}',
        b'{"audioData": "' + b"QUJD" * 50_000 + b'!"}',
        b"[" * 200_000,
    ],
)
async def test_json_bodies(shut_door, body):
    reply = await shut_door.client.post(
        "/upload", content=body, headers={**headers_of(chunk_id_of(0)), **JSON}
    )
    await refused(shut_door, reply, 400, "invalid_body")


@pytest.mark.parametrize("way", ["send_json", "send_raw"])
@pytest.mark.parametrize("size", [1, 126])
async def test_too_small_for_a_piece(shut_door, way, size):
    reply = await getattr(shut_door, way)(audio=AUDIO[:size])
    assert "127" in await refused(shut_door, reply, 400, "chunk_too_small")


async def test_too_small_without_an_announced_length(shut_door):
    async def blocks():
        yield AUDIO[:100]
        yield AUDIO[:26]

    reply = await shut_door.client.post(
        "/upload", content=blocks(), headers={**headers_of(chunk_id_of(0)), **RAW}
    )
    await refused(shut_door, reply, 400, "chunk_too_small")


async def test_headers_beyond_all_measure(door):
    said = {**headers_of(chunk_id_of(0)), **RAW, "X-Big": "x" * 200_000}
    # The server hangs up on them, so the answer may be lost on its way.
    with contextlib.suppress(httpx.TransportError):
        reply = await door.client.post("/upload", content=AUDIO, headers=said)
        assert reply.status_code in {400, 431}
    await door.assert_untouched()
    assert (await door.send_raw()).status_code == 202


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
async def test_other_methods(shut_door, method):
    reply = await shut_door.client.request(method, "/upload")
    await refused(shut_door, reply, 405, "method_not_allowed")
    assert reply.headers["allow"] == "POST"

from __future__ import annotations

import os

import httpx
import pytest

from tests.devnet.provider.payer import upload
from vibesflow.filecoin import PieceCid, piece_cid_of

PAYLOAD = os.urandom(300_000)


@pytest.fixture
async def cid(http: httpx.AsyncClient) -> PieceCid:
    return await upload(http, PAYLOAD)


async def test_headers_of_a_piece(http: httpx.AsyncClient, cid: PieceCid) -> None:
    for answer in (await http.get(f"/piece/{cid}"), await http.head(f"/piece/{cid}")):
        assert answer.status_code == 200
        assert answer.headers["etag"] == f'"{cid}"'
        assert answer.headers["cache-control"] == "public, max-age=29030400, immutable"
        assert answer.headers["last-modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"
        assert "Accept-Encoding" in answer.headers["vary"]
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["content-length"] == "300000"
    assert (await http.head(f"/piece/{cid}")).content == b""


async def test_a_v1_cid_finds_the_piece(http: httpx.AsyncClient, cid: PieceCid) -> None:
    answer = await http.get(f"/piece/{cid.to_v1_text()}")
    assert answer.content == PAYLOAD
    assert answer.headers["etag"] == f'"{cid.to_v1_text()}"'


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100000-200000", 100_000, 200_001),
        ("bytes=299990-", 299_990, 300_000),
        ("bytes=-7", 299_993, 300_000),
        ("bytes=5-999999999", 5, 300_000),
    ],
)
async def test_ranges(
    http: httpx.AsyncClient, cid: PieceCid, wanted: str, start: int, end: int
) -> None:
    answer = await http.get(f"/piece/{cid}", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.content == PAYLOAD[start:end]
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/300000"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "wanted", ["bytes=300000-", "bytes=9-3", "bytes=x-y", "chunks=1-2", "bytes=", "bytes=-0"]
)
async def test_ranges_that_cannot_be_served(
    http: httpx.AsyncClient, cid: PieceCid, wanted: str
) -> None:
    answer = await http.get(f"/piece/{cid}", headers={"Range": wanted})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */300000"


async def test_conditions(http: httpx.AsyncClient, cid: PieceCid) -> None:
    path, etag = f"/piece/{cid}", f'"{cid}"'
    for tag in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        unchanged = await http.get(path, headers={"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    changed = await http.get(path, headers={"If-None-Match": '"other"'})
    assert changed.status_code == 200
    same = await http.get(path, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert same.status_code == 206
    other = await http.get(path, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status_code, len(other.content)) == (200, 300_000)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x1aE\xdf\xa3", "video/webm"),
        (b"OggS\x00", "application/ogg"),
        (b"RIFF\x00\x00\x00\x00WAVE", "audio/wave"),
        (b"ID3", "audio/mpeg"),
    ],
)
async def test_known_content_is_shown_in_place(
    http: httpx.AsyncClient, head: bytes, media_type: str
) -> None:
    cid = await upload(http, head + os.urandom(300))
    answer = await http.head(f"/piece/{cid}")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].startswith("inline")


async def test_text_and_octets_are_told_apart(http: httpx.AsyncClient) -> None:
    text = await upload(http, b'{"title": "a melody"}\n' * 20)
    answer = await http.head(f"/piece/{text}")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    octets = await upload(http, b"\x00\x01" + os.urandom(300))
    answer = await http.head(f"/piece/{octets}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "content-disposition" not in answer.headers


async def test_what_is_not_here(http: httpx.AsyncClient) -> None:
    stranger = piece_cid_of(os.urandom(300))
    assert (await http.get(f"/piece/{stranger}")).status_code == 404
    assert (await http.get("/piece/nonsense")).status_code == 400
    assert (await http.head(f"/piece/{stranger.to_v1_text()}")).status_code == 404


async def test_asking_too_early_is_remembered_for_a_while(http: httpx.AsyncClient) -> None:
    payload = os.urandom(400)
    cid = piece_cid_of(payload)
    assert (await http.head(f"/piece/{cid}")).status_code == 404
    await upload(http, payload)
    assert (await http.head(f"/piece/{cid}")).status_code == 404
    assert (await http.get("/pdp/piece", params={"pieceCid": cid.text})).status_code == 200

"""The two routes that give pieces back, before real servers that have them, or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.api.door import Door, open_door, unreachable_ledger
from tests.filecoin.piece_vectors import ramp
from tests.filecoin.small_server import HANG_UP, Reply, Request, SmallServer, small_server, text
from vibesflow.errors import ChainDown
from vibesflow.filecoin import piece_cid_of
from vibesflow.filecoin.reading.holders import Holder
from vibesflow.media import encode_melody
from vibesflow.settings import ReadSettings

AUDIO = encode_melody(2)
CID = piece_cid_of(AUDIO).text
ETAG = f'"{CID}"'
ROUTES = ("proxy", "download")
DOCUMENT = json.dumps({"schema": "vibesflow/stream/1", "chunks": ["x"] * 50}).encode()


@dataclass
class Library:
    """Two providers of equal rank behind a door; both have what is in ``held``."""

    door: Door
    servers: tuple[SmallServer, SmallServer]
    held: dict[str, bytes]

    async def get(self, cid: str = CID, route: str = "proxy", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.door.client.get(f"/api/{route}/{cid}", headers=named)

    @property
    def asked(self) -> int:
        return sum(len(server.seen) for server in self.servers)

    def put(self, data: bytes) -> str:
        cid = piece_cid_of(data).text
        self.held[cid] = data
        return cid


@pytest_asyncio.fixture
async def library(tmp_path: Path) -> AsyncIterator[Library]:
    held = {CID: AUDIO}

    def answer(request: Request) -> Reply:
        data = held.get(request.path.rpartition("/")[2])
        return text(404, "not held") if data is None else Reply(200, data)

    async with small_server() as first, small_server() as second:
        first.handler = second.handler = answer

        async def holders() -> tuple[Holder, ...]:
            return Holder(1, first.url), Holder(2, second.url)

        read = ReadSettings(hedge_s=1.5, timeout_s=30, max_bytes=10_000_000)
        async with open_door(
            unreachable_ledger(), tmp_path / "staging", holders=holders, read=read
        ) as door:
            yield Library(door, (first, second), held)


@pytest.mark.parametrize("route", ROUTES)
async def test_the_whole_piece(library: Library, route: str) -> None:
    reply = await library.get(route=route)
    assert (reply.status_code, reply.content) == (200, AUDIO)
    assert reply.headers["content-type"] == "audio/webm"
    assert reply.headers["content-length"] == str(len(AUDIO))
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.headers["etag"] == ETAG
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["x-content-type-options"] == "nosniff"


async def test_a_download_is_saved_under_a_name(library: Library) -> None:
    assert "content-disposition" not in (await library.get()).headers
    reply = await library.get(route="download")
    assert reply.headers["content-disposition"] == f'attachment; filename="{CID}.webm"'
    document = await library.get(library.put(DOCUMENT), "download")
    assert document.headers["content-type"] == "application/json"
    assert document.headers["content-disposition"].endswith('.json"')


@pytest.mark.parametrize("route", ROUTES)
async def test_head_says_the_same_without_the_body(library: Library, route: str) -> None:
    head = await library.door.client.head(f"/api/{route}/{CID}", headers={"Range": "bytes=0-9"})
    full = await library.get(route=route)
    assert (head.status_code, head.content) == (200, b"")
    del head.headers["date"], full.headers["date"]
    assert dict(head.headers) == dict(full.headers)
    missing = piece_cid_of(b"x" * 200).text
    assert (await library.door.client.head(f"/api/{route}/{missing}")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, len(AUDIO)),
        ("bytes=-50", len(AUDIO) - 50, len(AUDIO)),
        ("bytes=5-99999999", 5, len(AUDIO)),
    ],
)
async def test_a_range(library: Library, asked: str, start: int, end: int) -> None:
    reply = await library.get(Range=asked)
    assert (reply.status_code, reply.content) == (206, AUDIO[start:end])
    assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{len(AUDIO)}"
    assert reply.headers["content-length"] == str(end - start)
    assert reply.headers["content-type"] == "audio/webm"


async def test_ranges_of_a_long_piece_put_together(library: Library) -> None:
    data = ramp(3_000_001)
    cid = library.put(data)
    edges = [0, 1, 262_143, 262_144, 1_000_000, 2_999_999, len(data)]
    replies = await asyncio.gather(
        *(library.get(cid, Range=f"bytes={start}-{end - 1}") for start, end in pairwise(edges))
    )
    assert b"".join(reply.content for reply in replies) == data
    assert library.asked == 1


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=x"])
async def test_other_ranges_give_the_whole(library: Library, asked: str) -> None:
    reply = await library.get(Range=asked)
    assert (reply.status_code, reply.content) == (200, AUDIO)


async def test_a_range_beyond_the_end(library: Library) -> None:
    reply = await library.get(Range=f"bytes={len(AUDIO)}-")
    assert reply.status_code == 416
    assert reply.headers["content-range"] == f"bytes */{len(AUDIO)}"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.json()["code"] == "range_not_satisfiable"
    assert reply.json()["cid"] == CID


@pytest.mark.parametrize(("condition", "status"), [(ETAG, 206), ('"other"', 200)])
async def test_a_range_on_condition(library: Library, condition: str, status: int) -> None:
    assert (await library.get(Range="bytes=0-9", If_Range=condition)).status_code == status


@pytest.mark.parametrize("tags", [ETAG, f"W/{ETAG}", f'"x", {ETAG}'])
async def test_who_has_it_gets_304_and_nobody_is_asked(library: Library, tags: str) -> None:
    reply = await library.get(If_None_Match=tags)
    assert (reply.status_code, reply.content) == (304, b"")
    assert reply.headers["etag"] == ETAG
    assert reply.headers["cache-control"].endswith("immutable")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert library.asked == 0


async def test_who_has_something_else_gets_the_piece(library: Library) -> None:
    assert (await library.get(If_None_Match='"other"')).content == AUDIO


@pytest.mark.parametrize("route", ROUTES)
async def test_an_unknown_piece(library: Library, route: str) -> None:
    cid = piece_cid_of(b"never stored" * 20).text
    reply = await library.get(cid, route)
    body = reply.json()
    assert (reply.status_code, body["code"], body["cid"]) == (404, "piece_not_found", cid)
    assert body["error"]
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["access-control-allow-origin"] == "*"
    library.put(b"never stored" * 20)
    assert (await library.get(cid, route)).status_code == 200


@pytest.mark.parametrize(
    "cid",
    [
        "nonsense",
        "bafkzcib",
        CID[:-1],
        CID.upper(),
        f"{CID}a",
        "b" * 5_000,
        "%00",
        "%F0%9F%8E%B5",
        "baga6ea4seaqdomn3tgwgrh3g532zopskstnbrd2n3sxfqbze7rxt7vqn7veigmy",
    ],
)
@pytest.mark.parametrize("route", ROUTES)
async def test_a_malformed_cid(library: Library, route: str, cid: str) -> None:
    reply = await library.get(cid, route)
    assert (reply.status_code, reply.json()["code"]) == (400, "invalid_piece_cid")
    assert reply.json()["cid"] == httpx.URL(f"http://x/{cid}").path[1:]
    assert library.asked == 0


async def test_an_ipfs_cid_without_a_gateway(library: Library) -> None:
    reply = await library.get("QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o")
    assert (reply.status_code, reply.json()["code"]) == (404, "piece_not_found")


async def test_wrong_bytes_are_never_served(library: Library) -> None:
    first, second = library.servers
    first.handler = lambda _: Reply(200, AUDIO[:-1] + b"\xff")
    assert (await library.get()).content == AUDIO
    other = library.put(AUDIO[:-10])
    second.handler = first.handler
    for asked in ("bytes=0-9", "bytes=0-"):
        reply = await library.get(other, Range=asked)
        assert (reply.status_code, reply.json()["code"]) == (502, "provider_lied")
        assert AUDIO[:10] not in reply.content


@pytest.mark.parametrize(
    "bad",
    [HANG_UP, text(500, "oh"), text(429, "busy", Retry_After="9")],
    ids=["dead", "500", "429"],
)
async def test_nobody_answers(library: Library, bad: Reply) -> None:
    for server in library.servers:
        server.handler = lambda _: bad
    reply = await library.get()
    body = reply.json()
    assert (reply.status_code, body["code"], body["cid"]) == (503, "provider_down", CID)
    assert int(reply.headers["retry-after"]) == (9 if bad.status == 429 else 5)


async def test_a_piece_that_is_too_long(library: Library) -> None:
    reply = await library.get(piece_cid_of(bytes(10_000_001)).text)
    assert (reply.status_code, reply.json()["code"]) == (413, "piece_too_large")
    assert library.asked == 0


async def test_a_chain_that_is_down(tmp_path: Path) -> None:
    async def down() -> tuple[Holder, ...]:
        raise ChainDown("no RPC endpoint answers")

    async with open_door(unreachable_ledger(), tmp_path / "staging", holders=down) as door:
        reply = await door.client.get(f"/api/proxy/{CID}")
    assert (reply.status_code, reply.json()["code"]) == (503, "chain_down")
    assert reply.json()["detail"]["dependency"] == "chain"


async def test_a_full_disk(library: Library, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    read = ReadSettings(cache_dir=tmp_path / "file" / "cache")
    async with open_door(unreachable_ledger(), tmp_path / "other", read=read) as door:
        reply = await door.client.get(f"/api/proxy/{CID}")
    assert (reply.status_code, reply.json()["code"]) == (503, "read_cache_down")
    assert str(tmp_path) not in reply.text


async def test_many_listeners_share_one_fetch(library: Library) -> None:
    replies = await asyncio.gather(*(library.get(route=ROUTES[i % 2]) for i in range(20)))
    assert {reply.content for reply in replies} == {AUDIO}
    assert library.asked == 1


async def test_a_listener_who_leaves_holds_no_file_open(library: Library) -> None:
    data = ramp(9_000_000)
    cid = library.put(data)
    assert (await library.get(cid)).content == data
    address = httpx.URL(library.door.url)
    for _ in range(5):
        reader, writer = await asyncio.open_connection(address.host, address.port)
        writer.write(f"GET /api/proxy/{cid} HTTP/1.1\r\nHost: door\r\n\r\n".encode())
        await reader.readexactly(1_000)
        writer.transport.abort()
    async with asyncio.timeout(20):
        while _held_open(cid):
            await asyncio.sleep(0.05)


async def test_every_origin_may_read_pieces_whatever_the_others_may(tmp_path: Path) -> None:
    async with open_door(
        unreachable_ledger(), tmp_path / "staging", cors_origins="https://a.example"
    ) as door:
        named = {"If-None-Match": ETAG, "Origin": "https://b.example"}
        reply = await door.client.get(f"/api/proxy/{CID}", headers=named)
        assert reply.headers["access-control-allow-origin"] == "*"
        allowed = named | {"Origin": "https://a.example"}
        reply = await door.client.get(f"/api/proxy/{CID}", headers=allowed)
        assert reply.headers.get_list("access-control-allow-origin") == ["https://a.example"]
        for header in ("ETag", "Content-Range", "Accept-Ranges"):
            assert header in reply.headers["access-control-expose-headers"]


def _held_open(cid: str) -> list[str]:
    opened = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            opened.append(str(link.readlink()))
        except FileNotFoundError:
            continue
    return [path for path in opened if cid in path]

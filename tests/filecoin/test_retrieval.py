from __future__ import annotations

import httpx
import pytest

from tests.filecoin.piece_vectors import ramp, zeros
from tests.filecoin.small_server import HANG_UP, Reply, SmallServer, small_server, text
from vibesflow.errors import (
    PieceNotFound,
    ProviderBusy,
    ProviderDown,
    ProviderLied,
    ProviderRefused,
)
from vibesflow.filecoin import PieceCid, piece_cid_of
from vibesflow.filecoin.retrieval import piece_path, read_piece

DATA = ramp(300_000)
CID = piece_cid_of(DATA)


async def _read(http: httpx.AsyncClient, url: str, cid: PieceCid = CID) -> bytes:
    return b"".join([block async for block in read_piece(http, url, cid)])


async def _read_into(got: list[bytes], http: httpx.AsyncClient, url: str) -> None:
    async for block in read_piece(http, url, CID):
        got.append(block)  # noqa: PERF401 - what came before the error counts


async def test_a_piece_is_read_and_verified(http: httpx.AsyncClient, server: SmallServer) -> None:
    server.handler = lambda _: Reply(200, DATA)
    assert await _read(http, server.url) == DATA
    (request,) = server.seen
    assert request.path == f"/{piece_path(CID.text)}"
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("served", "why"),
    [
        (DATA[:-1], "299999 bytes came"),
        (DATA + b"\0", "more than 300000 bytes"),
        (DATA[:-1] + b"\xff", "the bytes that came are bafkzcib"),
        (b"", "0 bytes came"),
    ],
)
async def test_other_bytes_are_a_lie_and_never_complete(
    http: httpx.AsyncClient, server: SmallServer, served: bytes, why: str
) -> None:
    server.handler = lambda _: Reply(200, served)
    got: list[bytes] = []
    with pytest.raises(ProviderLied, match=why):
        await _read_into(got, http, server.url)
    assert sum(len(block) for block in got) < len(DATA)


async def test_trailing_zeros_are_told_apart(http: httpx.AsyncClient, server: SmallServer) -> None:
    server.handler = lambda _: Reply(200, zeros(126))
    with pytest.raises(ProviderLied):
        await _read(http, server.url, piece_cid_of(zeros(127)))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (text(404, "not held"), PieceNotFound),
        (text(429, "256 readers"), ProviderBusy),
        (text(451, "denied"), ProviderRefused),
        (text(400, "bad CID"), ProviderRefused),
        (text(503, "loading"), ProviderDown),
        (HANG_UP, ProviderDown),
        (Reply(200, DATA, cut=1000), ProviderDown),
    ],
)
async def test_what_goes_wrong_is_named(
    http: httpx.AsyncClient, server: SmallServer, reply: Reply, error: type[Exception]
) -> None:
    server.handler = lambda _: reply
    with pytest.raises(error):
        await _read(http, server.url)


async def test_nobody_there(http: httpx.AsyncClient) -> None:
    async with small_server() as gone:
        url = gone.url
    with pytest.raises(ProviderDown, match="ConnectError"):
        await _read(http, url)


async def test_a_reader_may_leave_early(http: httpx.AsyncClient, server: SmallServer) -> None:
    server.handler = lambda _: Reply(200, DATA)
    blocks = read_piece(http, server.url, CID)
    assert await anext(blocks)
    await blocks.aclose()
    assert await _read(http, server.url) == DATA


async def test_an_empty_piece_is_read_too(http: httpx.AsyncClient, server: SmallServer) -> None:
    server.handler = lambda _: Reply(200)
    assert await _read(http, server.url, piece_cid_of(b"")) == b""

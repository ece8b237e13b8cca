from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.filecoin.piece_vectors import ramp
from tests.filecoin.small_server import HANG_UP, Reply, Request, SmallServer, text
from vibesflow.errors import (
    InvalidInput,
    ProviderDown,
    ProviderFault,
    ProviderLied,
    StagedBytesMissing,
)
from vibesflow.filecoin import PieceCid, piece_cid_of
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import ProviderHttp
from vibesflow.filecoin.upload import upload


class Source:
    """Opens the same bytes again and again, and notes what happens to them."""

    def __init__(self, data: bytes, portion: int = 50_000) -> None:
        self._data = data
        self._portion = portion
        self.opened = 0
        self.closed = 0

    async def open(self) -> AsyncIterator[bytes]:
        self.opened += 1
        try:
            for at in range(0, len(self._data), self._portion):
                yield self._data[at : at + self._portion]
        finally:
            self.closed += 1


def _storing(finalize: Reply | None = None) -> Callable[[Request], Reply]:
    def handler(request: Request) -> Reply:
        if request.method == "PUT":
            return Reply(204)
        if request.path.endswith("/uploads"):
            return Reply(201, headers={"Location": "/pdp/piece/uploads/aa-11"})
        return finalize or Reply(200)

    return handler


async def test_bytes_arrive_and_are_named(provider: Provider, server: SmallServer) -> None:
    server.handler = _storing()
    source, seen = Source(ramp(1_000_003)), list[int]()
    piece_cid = await upload(provider, source.open, on_progress=seen.append)
    assert piece_cid == piece_cid_of(ramp(1_000_003))
    assert server.seen[1].body == ramp(1_000_003)
    assert server.seen[2].json() == {"pieceCid": piece_cid.text}
    assert seen == sorted(seen)
    assert seen[-1] == 1_000_003
    assert (source.opened, source.closed) == (1, 1)


async def test_progress_may_be_left_out(provider: Provider, server: SmallServer) -> None:
    server.handler = _storing()
    assert await upload(provider, Source(ramp(127)).open) == piece_cid_of(ramp(127))


async def test_large_portions_are_cut(provider: Provider, server: SmallServer) -> None:
    server.handler = _storing()
    seen: list[int] = []
    await upload(provider, Source(ramp(600_000), 600_000).open, on_progress=seen.append)
    assert seen == [262_144, 524_288, 600_000]


async def test_a_provider_that_computes_another_cid_lied(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = _storing(text(400, "provided piece CID does not match computed"))
    with pytest.raises(ProviderLied, match="does not match"):
        await upload(provider, Source(ramp(200)).open)


@pytest.mark.parametrize("size", [0, 126])
async def test_too_few_bytes_are_refused_here(
    provider: Provider, server: SmallServer, size: int
) -> None:
    server.handler = _storing()
    with pytest.raises(InvalidInput, match="at least 127 bytes"):
        await upload(provider, Source(ramp(size)).open)
    assert not any(request.method == "POST" and "aa-11" in request.path for request in server.seen)


async def test_too_many_bytes_are_refused_here(
    provider: Provider, server: SmallServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vibesflow.filecoin.upload.MAX_PIECE_BYTES", 100_000)
    server.handler = _storing()
    source = Source(ramp(100_001))
    with pytest.raises(InvalidInput, match="at most 100000 bytes"):
        await upload(provider, source.open)
    assert source.closed == 1


async def test_what_the_source_raises_goes_through(provider: Provider, server: SmallServer) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield bytes(1000)
        raise StagedBytesMissing("gone")

    server.handler = _storing()
    with pytest.raises(StagedBytesMissing, match="gone"):
        await upload(provider, broken)


async def test_a_plain_iterator_will_do(provider: Provider, server: SmallServer) -> None:
    class Once:
        def __init__(self) -> None:
            self.left = [bytes(100), bytes(100)]

        def __aiter__(self) -> Once:
            return self

        async def __anext__(self) -> bytes:
            if not self.left:
                raise StopAsyncIteration
            return self.left.pop()

    server.handler = _storing()
    assert await upload(provider, Once) == piece_cid_of(bytes(200))


async def test_a_connection_lost_on_the_way_closes_the_source(
    provider: Provider, server: SmallServer
) -> None:
    def handler(request: Request) -> Reply:
        return HANG_UP if request.method == "PUT" else _storing()(request)

    server.handler = handler
    source = Source(ramp(3_000_000))
    with pytest.raises(ProviderDown):
        await upload(provider, source.open)
    assert (source.opened, source.closed) == (1, 1)


async def test_every_try_opens_the_source_and_a_session_anew(
    provider: Provider, server: SmallServer
) -> None:
    server.handler = _storing()
    source = Source(ramp(500))
    await upload(provider, source.open)
    await upload(provider, source.open)
    assert source.opened == 2
    assert [r.path for r in server.seen].count("/pdp/piece/uploads") == 2


class Without(Provider):
    """A provider that takes ``blocks`` blocks, or all, without any network."""

    def __init__(self, http: ProviderHttp, blocks: int | None = None) -> None:
        super().__init__(http)
        self._blocks = blocks

    async def open_upload(self) -> str:
        return "aa-11"

    async def send_upload(self, upload_id: str, content: AsyncIterator[bytes]) -> None:
        taken = 0
        async for _ in content:
            taken += 1
            if taken == self._blocks:
                break

    async def finalize_upload(self, upload_id: str, piece_cid: PieceCid) -> None:
        pass


async def test_an_early_success_is_not_believed(http: httpx.AsyncClient) -> None:
    source = Source(ramp(500_000))
    with pytest.raises(ProviderFault, match="before it was"):
        await upload(Without(ProviderHttp(http, "http://sp.test"), blocks=2), source.open)
    assert source.closed == 1


async def test_memory_stays_small(http: httpx.AsyncClient) -> None:
    block = ramp(256 * 1024)

    async def source() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield block

    tracemalloc.start()
    try:
        await upload(Without(ProviderHttp(http, "http://sp.test")), source)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 3_000_000

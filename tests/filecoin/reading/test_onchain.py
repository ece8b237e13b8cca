"""The reader before a real chain and real provider processes."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.filecoin.front import Forward
from tests.filecoin.onchain import Onchain
from tests.filecoin.reading.shelf import HEDGE_S, PATIENCE_S
from tests.filecoin.small_server import Reply, Request
from tests.filecoin.steps import committed, provider_of, source_of
from vibesflow.errors import ChainDown, PieceNotFound
from vibesflow.filecoin import FilecoinClient, PieceCid, piece_cid_of
from vibesflow.filecoin.reading.opening import open_reader
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.settings import ReadSettings

SETTINGS = ReadSettings(hedge_s=HEDGE_S, timeout_s=PATIENCE_S)


@asynccontextmanager
async def reading(world: Onchain, payer: str | None = None) -> AsyncIterator[PieceReader]:
    async with open_reader(world.settings(), SETTINGS, payer=payer) as reader:
        yield reader


async def read(reader: PieceReader, cid: PieceCid) -> bytes:
    content = await reader.open(cid)
    try:
        return await content.read(0, content.size)
    finally:
        await content.close()


async def store(client: FilecoinClient, data: bytes, name: str) -> PieceCid:
    provider = await provider_of(client, name)
    cid = await client.store(provider, source_of(data))
    await client.wait_ready(provider, cid.text, timeout_s=10)
    return cid


async def never(_: Request, __: Forward) -> Reply:
    await asyncio.Event().wait()
    raise AssertionError


async def spoil(request: Request, forward: Forward) -> Reply:
    answer = await forward(request)
    return Reply(answer.status, b"\xff" + answer.body[1:], answer.headers)


def asked(world: Onchain, cid: PieceCid) -> list[int]:
    return [front.count("GET", f"/piece/{cid.text}") for front in world.fronts]


async def test_a_piece_is_found_wherever_it_is(world: Onchain, client: FilecoinClient) -> None:
    data = secrets.token_bytes(3_000_000)
    cid = await store(client, data, "two")
    async with reading(world) as reader:
        assert await read(reader, cid) == data
    assert asked(world, cid) == [1, 1]


async def test_the_provider_of_the_payers_data_set_is_asked_first(
    world: Onchain, client: FilecoinClient
) -> None:
    data = secrets.token_bytes(5_000)
    cid = await store(client, data, "two")
    await committed(client, [cid.text], name="two")
    async with reading(world, client.payer) as reader:
        assert await read(reader, cid) == data
    assert asked(world, cid) == [0, 1]


async def test_two_copies_outlive_a_provider_that_lies_and_one_that_hangs(
    world: Onchain, client: FilecoinClient
) -> None:
    first, second = world.fronts
    for disturb in (spoil, never):
        data = secrets.token_bytes(500_000)
        cid = await store(client, data, "one")
        assert await store(client, data, "two") == cid
        first.disturb = disturb
        async with reading(world) as reader:
            began = time.monotonic()
            assert await read(reader, cid) == data
            assert time.monotonic() - began < PATIENCE_S / 3
        assert second.count("GET", cid.text) == 1
        first.calm()
        second.calm()


async def test_what_nobody_holds(world: Onchain) -> None:
    async with reading(world) as reader:
        with pytest.raises(PieceNotFound):
            await read(reader, piece_cid_of(secrets.token_bytes(300)))


async def test_what_was_read_once_needs_no_chain(
    world: Onchain, client: FilecoinClient, tmp_path: Path
) -> None:
    data = secrets.token_bytes(1_000)
    cid = await store(client, data, "one")
    settings = world.settings()
    nobody = settings.model_copy(update={"rpc_urls": ("http://127.0.0.1:9",)})
    async with open_reader(nobody, SETTINGS, payer=None) as reader:
        with pytest.raises(ChainDown):
            await read(reader, cid)
    folder = SETTINGS.model_copy(update={"cache_dir": tmp_path})
    async with open_reader(settings, folder, payer=None) as reader:
        assert await read(reader, cid) == data
    async with open_reader(nobody, folder, payer=None) as reader:
        assert await read(reader, cid) == data

"""The library's own provider client against the provider process."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.devnet.provider.process import World
from vibesflow.errors import PieceNotFound
from vibesflow.filecoin import piece_cid_of
from vibesflow.filecoin.provider import Provider
from vibesflow.filecoin.provider_http import ProviderHttp
from vibesflow.filecoin.retrieval import read_piece
from vibesflow.filecoin.upload import upload

PAYLOAD = os.urandom(900_000)


async def _source() -> AsyncIterator[bytes]:
    for at in range(0, len(PAYLOAD), 65_536):
        yield PAYLOAD[at : at + 65_536]


async def test_a_round_trip(world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        provider = Provider(ProviderHttp(http, world.first.url))
        await provider.ping()
        cid = await upload(provider, _source)
        assert cid == piece_cid_of(PAYLOAD)
        assert await provider.has_piece(cid)
        blocks = [block async for block in read_piece(http, world.first.url, cid)]
        assert b"".join(blocks) == PAYLOAD
        stranger = piece_cid_of(os.urandom(200))
        assert not await provider.has_piece(stranger)
        with pytest.raises(PieceNotFound):
            await anext(read_piece(http, world.first.url, stranger))

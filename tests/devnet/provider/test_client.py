"""The library's own client against the provider process and the chain."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest

from tests.devnet.provider.payer import random_nonce
from vibesflow.errors import PieceNotFound
from vibesflow.filecoin import piece_cid_of
from vibesflow.filecoin.client import FilecoinClient
from vibesflow.filecoin.commit_request import (
    CommitRequest,
    Committed,
    PieceToAdd,
)


async def _commit(client: FilecoinClient, request: CommitRequest) -> Committed:
    submitted = await client.submit(request)
    async with asyncio.timeout(30):
        while (committed := await client.poll(request, submitted)) is None:
            await asyncio.sleep(0.05)
    return committed


async def test_store_commit_twice_and_read_back(client: FilecoinClient) -> None:
    provider, *_ = await client.providers()
    sets = []
    for payload in (os.urandom(900_000), os.urandom(127)):

        async def source(payload: bytes = payload) -> AsyncIterator[bytes]:
            for at in range(0, len(payload), 65_536):
                yield payload[at : at + 65_536]

        cid = await client.store(provider, source)
        assert cid == piece_cid_of(payload)
        await client.wait_ready(provider, cid.text, timeout_s=10)
        piece = PieceToAdd(cid.text, (("seq", "1"),))
        request = CommitRequest(provider.provider_id, random_nonce(), (piece,))
        committed = await _commit(client, request)
        assert await client.look(request) is not None
        sets.append((committed.data_set_id, committed.piece_ids))
        read = [block async for block in client.read(provider.service_url, cid.text)]
        assert b"".join(read) == payload
    (first_set, first_ids), (second_set, second_ids) = sets
    assert first_set == second_set
    assert second_ids[0] == first_ids[0] + 1


async def test_what_the_provider_does_not_hold(client: FilecoinClient) -> None:
    provider, *_ = await client.providers()
    stranger = piece_cid_of(os.urandom(200)).text
    assert not await client.is_ready(provider, stranger)
    with pytest.raises(PieceNotFound):
        await anext(client.read(provider.service_url, stranger))

"""Steps that the tests on a real chain share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    FilecoinClient,
    PieceToAdd,
    ProviderInfo,
    Submitted,
)


def source_of(data: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def opened() -> AsyncIterator[bytes]:
        yield data

    return opened


async def provider_of(client: FilecoinClient, name: str = "one") -> ProviderInfo:
    return next(info for info in await client.providers() if info.name == name)


async def stored(client: FilecoinClient, count: int = 1, name: str = "one") -> list[str]:
    """Store so many new pieces and wait for them; returns their CIDs."""
    provider = await provider_of(client, name)
    cids = []
    for _ in range(count):
        piece_cid = await client.store(provider, source_of(secrets.token_bytes(200)))
        await client.wait_ready(provider, piece_cid.text, timeout_s=10)
        cids.append(piece_cid.text)
    return cids


async def request_for(
    client: FilecoinClient, cids: list[str], *, nonce: int | None = None, name: str = "one"
) -> CommitRequest:
    provider = await provider_of(client, name)
    return CommitRequest(
        provider_id=provider.provider_id,
        nonce=secrets.randbits(256) if nonce is None else nonce,
        pieces=tuple(PieceToAdd(cid) for cid in cids),
    )


async def confirmed(
    client: FilecoinClient, request: CommitRequest, submitted: Submitted
) -> Committed:
    async with asyncio.timeout(20):
        while (done := await client.poll(request, submitted)) is None:
            await asyncio.sleep(0.05)
        return done


async def committed(client: FilecoinClient, cids: list[str], *, name: str = "one") -> Committed:
    request = await request_for(client, cids, name=name)
    return await confirmed(client, request, await client.submit(request))

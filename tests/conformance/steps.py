"""Steps that the tests share. They wait as long as an epoch of 30 s makes it necessary."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final

from vibesflow.errors import NotConfirmedYet
from vibesflow.filecoin import (
    CommitRequest,
    Committed,
    FilecoinClient,
    PieceToAdd,
    ProviderInfo,
    PullState,
)
from vibesflow.filecoin.metadata import Metadata

LIMIT_S: Final = 900.0
"""Longest wait for a transaction; with epochs of 30 s it takes one to a few minutes."""

PUBLISH_S: Final = 300.0
POLL_S: Final = 0.2
PARALLEL_UPLOADS: Final = 4


def source_of(data: bytes) -> Callable[[], AsyncIterator[bytes]]:
    async def opened() -> AsyncIterator[bytes]:
        yield data

    return opened


async def stored(client: FilecoinClient, provider: ProviderInfo, payload: bytes) -> str:
    """Store a payload and wait until the provider has published it; returns its CID."""
    piece_cid = await client.store(provider, source_of(payload))
    await client.wait_ready(provider, piece_cid.text, timeout_s=PUBLISH_S)
    return piece_cid.text


async def stored_many(client: FilecoinClient, provider: ProviderInfo, count: int) -> list[str]:
    """Store so many different payloads; returns their CIDs."""
    slots = asyncio.Semaphore(PARALLEL_UPLOADS)

    async def one() -> str:
        async with slots:
            return await stored(client, provider, secrets.token_bytes(200))

    return list(await asyncio.gather(*(one() for _ in range(count))))


def commit_of(
    provider: ProviderInfo, cids: Sequence[str], scope: Metadata, *, nonce: int | None = None
) -> CommitRequest:
    return CommitRequest(
        provider_id=provider.provider_id,
        nonce=secrets.randbits(256) if nonce is None else nonce,
        pieces=tuple(PieceToAdd(cid) for cid in cids),
        scope=scope,
    )


async def committed(client: FilecoinClient, request: CommitRequest) -> Committed:
    """Submit a request and follow it until it stands on chain."""
    async with asyncio.timeout(LIMIT_S):
        submitted = None
        while True:
            try:
                submitted = submitted or await client.submit(request)
                if done := await client.poll(request, submitted):
                    return done
            except NotConfirmedYet as error:
                await asyncio.sleep(error.retry_after_s or POLL_S)
            await asyncio.sleep(POLL_S)


async def pulled(
    client: FilecoinClient, request: CommitRequest, sources: dict[str, str]
) -> dict[str, PullState]:
    """Have a provider copy pieces, and follow it until each has ended."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            states = await client.pull(request, sources)
            if all(state.settled for state in states.values()):
                return states
            await asyncio.sleep(POLL_S)


async def read_back(client: FilecoinClient, provider: ProviderInfo, piece_cid: str) -> bytes:
    """Read a piece whole; the client verifies it."""
    blocks = [block async for block in client.read(provider.service_url, piece_cid)]
    return b"".join(blocks)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until the answer is yes."""
    async with asyncio.timeout(LIMIT_S):
        while not await is_so():
            await asyncio.sleep(POLL_S)

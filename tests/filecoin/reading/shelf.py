"""Several real servers that may have pieces, and a reader before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.filecoin.small_server import Reply, Request, SmallServer, small_server
from vibesflow.filecoin.reading.cids import Cid
from vibesflow.filecoin.reading.holders import Holder
from vibesflow.filecoin.reading.reader import PieceReader
from vibesflow.settings import ReadSettings

HEDGE_S = 0.6
PATIENCE_S = 30.0


@dataclass
class Shelf:
    """``servers`` are providers 1, 2, ... in this order."""

    reader: PieceReader
    servers: list[SmallServer]
    folder: Path

    async def read(self, cid: Cid) -> bytes:
        content = await self.reader.open(cid)
        try:
            return b"".join([block async for block in content.blocks(0, content.size)])
        finally:
            await content.close()

    @property
    def asked(self) -> list[int]:
        """How many requests each server saw."""
        return [len(server.seen) for server in self.servers]

    @property
    def names(self) -> set[str]:
        """Files in the cache."""
        return {path.name for path in self.folder.iterdir()} if self.folder.exists() else set()


async def never(_: Request) -> Reply:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def shelf(
    folder: Path,
    count: int,
    *,
    cdn_url: str | None = None,
    ipfs_gateway: str | None = None,
    **settings: object,
) -> AsyncIterator[Shelf]:
    chosen = {"hedge_s": HEDGE_S, "timeout_s": PATIENCE_S, "cache_dir": folder, **settings}
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(small_server()) for _ in range(count)]
        holders = tuple(Holder(at + 1, server.url) for at, server in enumerate(servers))

        async def load() -> tuple[Holder, ...]:
            return holders

        reader = PieceReader(
            ReadSettings.model_validate(chosen), load, cdn_url=cdn_url, ipfs_gateway=ipfs_gateway
        )
        stack.push_async_callback(reader.close)
        yield Shelf(reader, servers, folder)

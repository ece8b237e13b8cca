"""Content of IPFS through a gateway that is not trusted: every block is checked by its CID.

A file on IPFS is one raw block, or a tree of dag-pb nodes with UnixFS inside whose leaves, read
from left to right, are the file. The gateway is asked for single blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

import httpx

from vibesflow.errors import ProviderLied, ProviderRefused
from vibesflow.filecoin.provider_http import ProviderHttp
from vibesflow.filecoin.reading.ipfs_cid import RAW, IpfsCid
from vibesflow.filecoin.reading.unixfs import NotAFile, parse_node
from vibesflow.filecoin.retrieval import served_blocks

GATEWAY_ID: Final = -1
"""Stands for the gateway among provider ids."""

MAX_BLOCK_BYTES: Final = 4 * 2**20
"""Twice the size that IPFS nodes exchange."""

MAX_BLOCKS: Final = 10_000
"""Blocks of one file. Trees can repeat a node, so few bytes may describe endless ones."""

_AT_ONCE: Final = 8
_HEADERS: Final = {"Accept": "application/vnd.ipld.raw", "Accept-Encoding": "identity"}

FetchBlock = Callable[[IpfsCid], Awaitable[bytes]]


class GatewaySource:
    """One file behind a gateway.

    Args:
        http: shared connection pool.
        gateway: address of the gateway, without ``/ipfs``.
        cid: the file.
        timeout: longest silences.
    """

    def __init__(
        self, http: httpx.AsyncClient, gateway: str, cid: IpfsCid, timeout: httpx.Timeout
    ) -> None:
        self._http = http
        self._server = ProviderHttp(http, gateway.rstrip("/") + "/")
        self._cid = cid
        self._timeout = timeout
        self.source_id = GATEWAY_ID
        self.name = self._server.host

    async def blocks(self) -> AsyncGenerator[bytes, None]:
        """Yield the file's bytes, each checked; see `Source.blocks`.

        Raises:
            ProviderLied: the gateway sent another block than it was asked for.
            ProviderRefused: the CID names something else than a file.
        """
        try:
            async with aclosing(file_bytes(self._fetch, self._cid)) as found:
                async for block in found:
                    yield block
        except NotAFile as error:
            raise ProviderRefused(f"{self.name}: {self._cid}: {error}") from error

    async def _fetch(self, cid: IpfsCid) -> bytes:
        doing = f"GET block {cid}"
        served = served_blocks(
            self._http,
            self._server,
            f"ipfs/{cid}?format=raw",
            doing,
            timeout=self._timeout,
            headers=_HEADERS,
            follow_redirects=True,
        )
        async with aclosing(served):
            block = await _bounded(served)
        if not cid.names(block):
            raise ProviderLied(f"{self.name}: {doing}: other bytes came")
        return block


async def _bounded(served: AsyncIterator[bytes]) -> bytes:
    block = bytearray()
    async for part in served:
        block += part
        if len(block) > MAX_BLOCK_BYTES:
            break
    return bytes(block)


async def file_bytes(fetch: FetchBlock, root: IpfsCid) -> AsyncGenerator[bytes, None]:
    """Yield a file's bytes from left to right.

    Args:
        fetch: returns a block that was checked.
        root: the file.

    Raises:
        NotAFile: the blocks are no file, or too many.
    """
    waiting: list[IpfsCid] = [root]
    blocks = 0
    while waiting:
        cids = [waiting.pop() for _ in range(min(_AT_ONCE, len(waiting)))]
        blocks += len(cids)
        if blocks + len(waiting) > MAX_BLOCKS:
            raise NotAFile(f"it has more than {MAX_BLOCKS} blocks")
        found = await _all(fetch, cids)
        while cids:
            cid, block = cids.pop(0), found.pop(0)
            if cid.codec == RAW:
                yield block
                continue
            node = parse_node(block)
            if node.data:
                yield node.data
            if node.links:
                # what was fetched ahead lies to the right of these
                waiting += reversed((*node.links, *cids))
                break


async def _all(fetch: FetchBlock, cids: list[IpfsCid]) -> list[bytes]:
    tasks = [asyncio.ensure_future(fetch(cid)) for cid in cids]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

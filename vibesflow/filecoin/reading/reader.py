"""Reading pieces for many at once: cached, shared, hedged, and never unchecked."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self

import httpx

from vibesflow.errors import (
    ChainDown,
    Overloaded,
    PieceNotFound,
    PieceTooLarge,
    ProviderDown,
    ReadCacheDown,
)
from vibesflow.filecoin.cooldowns import Cooldowns
from vibesflow.filecoin.piece_cid import PieceCid
from vibesflow.filecoin.reading.cache import PieceCache
from vibesflow.filecoin.reading.cids import Cid
from vibesflow.filecoin.reading.content import Content
from vibesflow.filecoin.reading.fetching import CacheThreads, Fetch
from vibesflow.filecoin.reading.gateway import GatewaySource
from vibesflow.filecoin.reading.hedging import race
from vibesflow.filecoin.reading.holders import Holder, Holders, LoadHolders
from vibesflow.filecoin.reading.shared import Shared
from vibesflow.filecoin.reading.sources import Source, piece_sources
from vibesflow.filecoin.tls import trust
from vibesflow.settings import ReadSettings

MOST_FETCHES: Final = 64
"""Pieces that are fetched at the same time; cached ones are read besides."""

_SLOWEST_BYTES_S: Final = 64 * 1024
_PATIENCE_S: Final = 30.0
_TRIES: Final = 3
_THREADS: Final = 8
_CONNECT_S: Final = 5.0
_LIMITS: Final = httpx.Limits(max_connections=256, max_keepalive_connections=64)


class PieceReader:
    """Gives content by CID: from the cache, or from whichever source has it first.

    One per process and event loop; safe to use from many tasks at once.

    Args:
        settings: delays, limits and the cache's folder.
        load_holders: asks the chain for providers, the likeliest first.
        cdn_url: address that FilBeam serves the payer's pieces under, if it is to be asked.
        ipfs_gateway: gateway for IPFS CIDs, if they are to be served.
    """

    def __init__(
        self,
        settings: ReadSettings,
        load_holders: LoadHolders,
        *,
        cdn_url: str | None = None,
        ipfs_gateway: str | None = None,
    ) -> None:
        self._settings = settings
        self._cdn_url = cdn_url
        self._ipfs_gateway = ipfs_gateway
        self._timeout = httpx.Timeout(
            settings.timeout_s, connect=min(_CONNECT_S, settings.timeout_s)
        )
        self._http = httpx.AsyncClient(
            timeout=self._timeout, limits=_LIMITS, trust_env=False, verify=trust()
        )
        self._holders = Holders(load_holders, timeout_s=settings.timeout_s)
        self._cooldowns = Cooldowns()
        self._fetches = Shared[None]()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="read-cache")
        self._threads = CacheThreads(self._pool)
        self._own_folder = (
            None if settings.cache_dir else tempfile.mkdtemp(prefix="vibesflow-read-")
        )
        folder = settings.cache_dir or Path(self._own_folder or "")
        self._cache = PieceCache(folder, settings.cache_bytes)

    async def close(self) -> None:
        """Stop all fetches; a cache folder that the settings do not name is removed."""
        await self._fetches.close()
        await self._holders.close()
        await self._http.aclose()
        self._pool.shutdown()
        if self._own_folder is not None:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, cid: Cid) -> Content:
        """Return the content of a CID, checked; close it after use.

        Raises:
            PieceNotFound: every source says that it does not have it.
            PieceTooLarge: it is longer than the settings allow.
            ProviderDown: one that may have it does not answer, and no other has it.
            ProviderFault: all that answered refuse or send wrong bytes.
            ChainDown: nobody knows whom to ask.
            ReadCacheDown: the disk refuses.
            Overloaded: too many pieces are being fetched.
        """
        self._check_size(cid)
        for _ in range(_TRIES):
            if file := await self._threads.run(self._cache.open, cid):
                return Content(file, self._threads)
            if len(self._fetches) >= MOST_FETCHES and cid.text not in self._fetches:
                raise Overloaded(f"{MOST_FETCHES} pieces are being fetched already")
            await self._fetches.join(cid.text, lambda: self._fetch(cid))
        raise ReadCacheDown(f"{cid} went from the read cache before it was read")

    def _check_size(self, cid: Cid) -> None:
        if isinstance(cid, PieceCid) and cid.raw_size > self._settings.max_bytes:
            raise PieceTooLarge(
                f"{cid} has {cid.raw_size} bytes; pieces of at most {self._settings.max_bytes} "
                "are served"
            )

    async def _fetch(self, cid: Cid) -> None:
        sources = await self._sources(cid)
        fetches = [
            Fetch(source, cid, self._cache, self._threads, self._cooldowns, self._settings)
            for source in sources
        ]
        size = cid.raw_size if isinstance(cid, PieceCid) else self._settings.max_bytes
        patience_s = _PATIENCE_S + size / _SLOWEST_BYTES_S
        try:
            async with asyncio.timeout(patience_s):
                await race(fetches, hedge_s=self._settings.hedge_s, doing=f"read {cid}")
        except TimeoutError as error:
            raise ProviderDown(f"read {cid}: not within {patience_s:.0f} s") from error

    async def _sources(self, cid: Cid) -> list[Source]:
        """Return whom to ask, those that failed lately last."""
        if not isinstance(cid, PieceCid):
            if self._ipfs_gateway is None:
                raise PieceNotFound(f"read {cid}: no gateway is set for IPFS CIDs")
            return [GatewaySource(self._http, self._ipfs_gateway, cid, self._timeout)]
        sources = piece_sources(
            self._http, cid, await self._known(), cdn_url=self._cdn_url, timeout=self._timeout
        )
        return sorted(sources, key=lambda source: self._cooldowns.rests(source.source_id))

    async def _known(self) -> tuple[Holder, ...]:
        try:
            return await self._holders.get()
        except ChainDown:
            if self._cdn_url is None:
                raise
            return ()

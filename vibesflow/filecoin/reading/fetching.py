"""One try to bring content from one source into the cache."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import aclosing
from functools import partial
from typing import ParamSpec, TypeVar

from vibesflow.errors import ProviderDown, ProviderLied, ReadCacheDown
from vibesflow.filecoin.cooldowns import Cooldowns
from vibesflow.filecoin.reading.cache import Incoming, PieceCache
from vibesflow.filecoin.reading.checks import check_of
from vibesflow.filecoin.reading.cids import Cid
from vibesflow.filecoin.reading.sources import Source
from vibesflow.settings import ReadSettings

_log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class CacheThreads:
    """Runs what blocks, hashing above all, beside the event loop.

    Args:
        threads: where; ended by who made them.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a blocking function on a thread.

        Raises:
            ReadCacheDown: the disk refused.
        """
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, partial(call, *args, **kwargs))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ReadCacheDown(f"the read cache cannot use its disk: {reason}") from error


class Fetch:
    """Takes content from a source, checks it on the way, and keeps it if it is good.

    Args:
        source: who is asked.
        cid: for what.
        cache: where to.
        threads: where hashing and writing happen.
        cooldowns: told what the source did.
        settings: limits.
    """

    def __init__(
        self,
        source: Source,
        cid: Cid,
        cache: PieceCache,
        threads: CacheThreads,
        cooldowns: Cooldowns,
        settings: ReadSettings,
    ) -> None:
        self._source = source
        self._cid = cid
        self._cache = cache
        self._threads = threads
        self._cooldowns = cooldowns
        self._settings = settings
        self._began_s = 0.0
        self.received_bytes = 0

    async def run(self) -> None:
        """Return once the content is in the cache; see `hedging.Racer`."""
        self._began_s = time.monotonic()
        try:
            await self._run()
        except asyncio.CancelledError:
            if self._was_silent():
                self._cooldowns.note_fault(self._source.source_id)
            raise
        except (ProviderDown, ProviderLied) as error:
            self._cooldowns.note_fault(self._source.source_id)
            _log.warning("%s", error.message)
            raise
        self._cooldowns.note_success(self._source.source_id)

    def _was_silent(self) -> bool:
        silent_s = time.monotonic() - self._began_s
        return not self.received_bytes and silent_s >= self._settings.hedge_s

    async def _run(self) -> None:
        check = check_of(self._cid, self._source.name, self._settings.max_bytes)
        incoming = self._cache.incoming(check)
        try:
            await self._receive(incoming)
            await self._threads.run(self._cache.keep, self._cid, incoming)
        finally:
            await self._threads.run(incoming.discard)

    async def _receive(self, incoming: Incoming) -> None:
        async with aclosing(self._source.blocks()) as blocks:
            async for block in blocks:
                self.received_bytes += len(block)
                await self._threads.run(incoming.write, block)

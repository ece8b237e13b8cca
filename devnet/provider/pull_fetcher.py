"""Fetching pieces from other providers, checked and parked."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx

from devnet.provider.answers import Refusal
from devnet.provider.faults import FaultName, Faults, Point
from devnet.provider.options import Clock, Limits
from devnet.provider.pieces import PieceStore
from devnet.provider.pull_store import PullItem, PullStatus, PullStore
from devnet.provider.spool import PayloadTooLarge, spool
from vibesflow.filecoin import PieceCid

_log = logging.getLogger(__name__)
_TRY_AGAIN = frozenset({429, 500})


class _Worthless(Exception):
    """This source will never give the piece."""


class PullFetcher:
    """Fetches in the background, a few pieces at a time, with pauses after failures.

    A source that is busy or does not answer is tried again until the budget is spent; one that
    answers anything else than the right bytes is given up.
    """

    def __init__(
        self,
        folder: Path,
        store: PullStore,
        pieces: PieceStore,
        http: httpx.AsyncClient,
        limits: Limits,
        clock: Clock,
        faults: Faults,
    ) -> None:
        self._folder = folder
        self._store = store
        self._pieces = pieces
        self._http = http
        self._limits = limits
        self._clock = clock
        self._faults = faults
        self._slots = asyncio.Semaphore(limits.parallel_pulls)
        self._tasks: set[asyncio.Task[None]] = set()

    async def resume(self) -> None:
        """Carry on with what an earlier process left open."""
        self.start(await self._store.unsettled())

    def start(self, items: Sequence[PullItem]) -> None:
        """Begin to fetch; the state of each piece is in the store."""
        for item in items:
            task = asyncio.create_task(self._fetch(item), name=f"pull {item.cid}")
            self._tasks.add(task)
            task.add_done_callback(self._done)

    async def stop(self) -> None:
        """Stop fetching; the next process carries on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            _log.error("%s died", task.get_name(), exc_info=task.exception())

    async def _fetch(self, item: PullItem) -> None:
        give_up_at = self._clock() + self._limits.pull_budget_s
        sources = [] if self._faults.strikes(FaultName.PULL_FAILURE) else list(item.sources)
        early_s = self._faults.delay_s(FaultName.UNPUBLISHED_PULL)
        attempt = 0
        while sources:
            async with self._slots:
                await self._store.set_status(item, PullStatus.IN_PROGRESS)
                fetched = await self._try_all(item, sources, early_s)
            if fetched:
                if early_s is None:
                    await self._await_publishing(PieceCid.parse(item.cid))
                await self._store.set_status(item, PullStatus.COMPLETE)
                return
            pause_s = self._limits.pull_pauses_s[min(attempt, len(self._limits.pull_pauses_s) - 1)]
            if not sources or self._clock() + pause_s > give_up_at:
                break
            await self._store.set_status(item, PullStatus.RETRYING)
            await asyncio.sleep(pause_s)
            attempt += 1
        await self._store.set_status(item, PullStatus.FAILED)

    async def _await_publishing(self, cid: PieceCid) -> None:
        """Clients commit as soon as they hear that a pull is complete."""
        if held := await self._pieces.find(cid):
            published_at = held.parked_at + self._pieces.publish_delay_s
            await asyncio.sleep(max(0, published_at - self._clock()))

    async def _try_all(self, item: PullItem, sources: list[str], late_s: float | None) -> bool:
        """Try each source once; those that will never do are taken off the list."""
        if await self._pieces.find(PieceCid.parse(item.cid)) is not None:
            return True
        for source in list(sources):
            try:
                await self._try(PieceCid.parse(item.cid), source, late_s)
            except (_Worthless, httpx.InvalidURL) as error:
                _log.warning("gave up pulling %s from %s: %s", item.cid, source, error)
                sources.remove(source)
            except (httpx.HTTPError, OSError) as error:
                _log.warning("pulling %s from %s: %s", item.cid, source, type(error).__name__)
            else:
                return True
        return False

    async def _try(self, cid: PieceCid, source: str, late_s: float | None) -> None:
        await self._ask_leave()
        part = self._folder / f"{uuid.uuid4().hex}.part"
        async with asyncio.timeout(self._limits.pull_attempt_s):
            received = await self._download(cid, source, part)
        try:
            if received != cid:
                raise _Worthless(f"it served {received}")
            await self._pieces.park(part, cid, late_s=late_s)
        finally:
            await asyncio.to_thread(part.unlink, missing_ok=True)

    async def _ask_leave(self) -> None:
        try:
            await self._faults.reach(Point.FETCH)
        except Refusal as refusal:
            raise OSError(refusal.text) from refusal

    async def _download(self, cid: PieceCid, source: str, part: Path) -> PieceCid:
        headers = {"Accept-Encoding": "identity"}
        timeout = httpx.Timeout(self._limits.pull_idle_s)
        async with self._http.stream("GET", source, headers=headers, timeout=timeout) as response:
            if response.status_code in _TRY_AGAIN:
                response.raise_for_status()
            if response.status_code != httpx.codes.OK:
                raise _Worthless(f"status {response.status_code}")
            try:
                return await spool(_portions(response), part, max_bytes=cid.raw_size)
            except PayloadTooLarge:
                raise _Worthless("it served too many bytes") from None


async def _portions(response: httpx.Response) -> AsyncIterator[bytes]:
    async for portion in response.aiter_bytes():
        yield portion

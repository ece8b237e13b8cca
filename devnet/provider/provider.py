"""One provider: its parts, put together, started and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TextIO

import httpx
from starlette.routing import Route

from devnet.provider.background import every, keep_running
from devnet.provider.chain import Chain
from devnet.provider.contracts import Contracts
from devnet.provider.data_set_views import DataSetViews
from devnet.provider.data_sets import DataSets
from devnet.provider.declared_uploads import DeclaredUploads
from devnet.provider.faults import FaultName, Faults
from devnet.provider.finding import Finding
from devnet.provider.known_sets import KnownSets
from devnet.provider.notices import Notices
from devnet.provider.options import Options
from devnet.provider.pieces import PieceStore
from devnet.provider.pull_fetcher import PullFetcher
from devnet.provider.pull_store import PullStore
from devnet.provider.pulls import Pulls
from devnet.provider.removals import Removals
from devnet.provider.retrieval import Retrieval
from devnet.provider.state import Database
from devnet.provider.terminations import Terminations
from devnet.provider.throttle import Throttle
from devnet.provider.transactions import Sender
from devnet.provider.uploads import Uploads
from devnet.provider.watcher import Watcher
from vibesflow.errors import SettingsInvalid

_log = logging.getLogger(__name__)
_NOTICE_PERIOD_S = 0.5
_FORGETFUL_PERIOD_S = 0.5
_Work = Callable[[], Awaitable[None]]


class Provider:
    """Holds a data folder for itself as long as it lives.

    Raises:
        SettingsInvalid: another process holds the folder.
    """

    def __init__(self, options: Options, faults: Faults) -> None:
        limits, clock, folder = options.limits, options.clock, options.data_dir
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _hold(options)
        self._limits = limits
        self._faults = faults
        self._database = database = Database(folder / "provider.sqlite")
        self._http = httpx.AsyncClient(follow_redirects=False, trust_env=False)
        self._chain = chain = Chain(options.rpc_url, options.account)
        contracts = Contracts(chain, options.pdp_verifier, options.fwss)
        known = KnownSets(database)
        incoming = folder / "incoming"
        self._pieces = pieces = PieceStore(
            folder / "pieces", database, limits.publish_delay_s, clock, faults
        )
        self._uploads = Uploads(incoming, database, pieces, limits, clock, faults)
        self._declared = DeclaredUploads(incoming, database, pieces, limits, clock, faults)
        self._notices = Notices(database, self._http, clock)
        sender = Sender(chain, database, clock, faults)
        self._watcher = Watcher(chain, contracts, database, sender, limits, clock, faults)
        self._terminations = Terminations(database, known, contracts, sender, limits)
        self._pulls = PullStore(database, clock)
        self._fetcher = PullFetcher(
            incoming, self._pulls, pieces, self._http, limits, clock, faults
        )
        self.throttle = Throttle(clock)
        self._rooms = (
            Finding(pieces, faults),
            Pulls(chain, contracts, known, self._pulls, self._fetcher, limits, faults),
            self._uploads,
            self._declared,
            DataSets(contracts, sender, pieces, known, self.throttle, limits),
            DataSetViews(database, known, contracts, clock, faults),
            Removals(contracts, sender, known, limits),
            self._terminations,
            Retrieval(pieces, limits, clock, faults),
        )

    def routes(self) -> list[Route]:
        """All routes of all parts."""
        return [route for room in self._rooms for route in room.routes()]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tidy up after the last process, work in the background, close everything at the end."""
        await self._uploads.drop_strays()
        await self._pieces.adopt_strays()
        await self._fetcher.resume()
        tasks = [asyncio.create_task(keep_running(work)) for work in self._endless()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()

    def _endless(self) -> tuple[_Work, ...]:
        return (
            self._watcher.watch,
            self._terminations.send_queued,
            lambda: every(_NOTICE_PERIOD_S, self._notices.send_due),
            lambda: every(self._limits.housekeeping_period_s, self.sweep),
            lambda: every(_FORGETFUL_PERIOD_S, self._forget_early),
        )

    async def sweep(self) -> None:
        """Forget what nobody committed, finalized or asks for any more."""
        await self._drop_uncommitted(self._limits.uncommitted_age_s)
        await self._uploads.sweep()
        await self._declared.sweep()
        await self._pulls.sweep(self._limits.pull_memory_s)

    async def _drop_uncommitted(self, age_s: float) -> None:
        for cid in await self._pieces.sweep(age_s):
            _log.info("dropped uncommitted piece %s", cid)

    async def _forget_early(self) -> None:
        age_s = self._faults.delay_s(FaultName.FORGETFUL)
        if age_s is not None:
            await self._drop_uncommitted(age_s)

    async def _close(self) -> None:
        await self._fetcher.stop()
        await self._http.aclose()
        await self._chain.close()
        await asyncio.to_thread(self._database.close)
        self._lock.close()


def _hold(options: Options) -> TextIO:
    file = (options.data_dir / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise SettingsInvalid(f"another provider works in {options.data_dir}") from None
    return file

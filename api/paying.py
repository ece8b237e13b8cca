"""What is known of the payer's wallet: read behind the replies, never while one waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from vibesflow.errors import ChainDown, VibesflowError
from vibesflow.filecoin import FilecoinClient, WalletStatus

log = logging.getLogger(__name__)

FRESH_S = 10.0
"""How old the figures may be before the next reply has them read again."""

ANSWER_S = 15.0
"""How long somebody who asks for fresh figures waits for the chain."""

Connect = Callable[[], Awaitable[FilecoinClient]]


class WalletWatch:
    """Remembers the payer's wallet as it was read last.

    Args:
        connect: opens the client that reads; None for a process that does not know who pays.
        clock: a clock that never goes back.
    """

    def __init__(
        self, connect: Connect | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._known: WalletStatus | None = None
        self._tried_s: float | None = None
        self._client: FilecoinClient | None = None
        self._connecting = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None

    @property
    def known(self) -> WalletStatus | None:
        """What was read last, without asking anybody; None until then."""
        return self._known

    @property
    def knows_payer(self) -> bool:
        """Somebody said whose wallet it is."""
        return self._connect is not None

    def refresh_soon(self) -> None:
        """Read the wallet in the background, unless it was read lately or is being read."""
        if self._connect is None or (self._reading is not None and not self._reading.done()):
            return
        if self._tried_s is None or self._clock() - self._tried_s >= FRESH_S:
            self._tried_s = self._clock()
            self._reading = asyncio.create_task(self._refresh())

    async def settled(self) -> None:
        """Return once no reading is under way."""
        if self._reading is not None:
            await self._reading

    async def ask(self) -> tuple[FilecoinClient, WalletStatus]:
        """Read the wallet now.

        Raises:
            ChainDown: it could not be read in time, or it is not known whose it is.
            ChainFault: the contracts do not answer as they should.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                client = await self._connected()
                self._known = await client.wallet()
        except TimeoutError as error:
            raise ChainDown(f"no answer from the chain within {ANSWER_S:g} s") from error
        self._tried_s = self._clock()
        return client, self._known

    async def _refresh(self) -> None:
        try:
            await self.ask()
        except VibesflowError as error:
            log.info("the wallet was not read: %s", error.message)

    async def _connected(self) -> FilecoinClient:
        if self._connect is None:
            raise ChainDown("VIBESFLOW_PAYER: nobody said whose wallet it is")
        async with self._connecting:
            if self._client is None:
                self._client = await self._connect()
            return self._client

    async def __aenter__(self) -> Self:
        self.refresh_soon()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
